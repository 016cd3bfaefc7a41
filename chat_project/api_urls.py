"""Every address of the REST API, under `/api/`."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from accounts.api.views import MeView, PrivacyView
from chat_project.api.views import NothingView, SchemaView

version_1: list[URLPattern | URLResolver] = [
    path("me/", MeView.as_view()),
    path("me/privacy/", PrivacyView.as_view()),
    path("", include("rooms.api.urls")),
    path("", include("messaging.api.urls")),
    path("", include("presence.api.urls")),
    path("schema/", SchemaView.as_view(), name="schema"),
]

urlpatterns = [
    path("v1/", include(version_1)),
    re_path("", NothingView.as_view()),  # last: whatever else is asked for is no page, but a problem
]
