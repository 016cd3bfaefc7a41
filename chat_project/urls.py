"""Every address of the server, by app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("rooms.urls")),
    path("", include("messaging.urls")),
    path("", include("accounts.urls")),
    path("", include("presence.urls")),
    path("", include("integrations.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("chat_project.api_urls")),
]
