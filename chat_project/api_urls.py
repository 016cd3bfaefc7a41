"""Every address of the REST API, under `/api/`."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from chat_project.api.views import NothingView, SchemaView

version_1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("rooms.api.urls")),
    path("", include("messaging.api.urls")),
    path("", include("presence.api.urls")),
    path("schema/", SchemaView.as_view(), name="schema"),
]

urlpatterns = [
    path("v1/", include(version_1)),
    # allauth's own API, in its own form: signing in, second factors, tokens.
    path("auth/", include("allauth.headless.urls")),
    re_path("", NothingView.as_view()),  # last: whatever else is asked for is no page, but a problem
]
