"""Addresses of people's own matters under `/api/v1/`."""

from django.urls import path

from accounts.api import relations, sessions, views

urlpatterns = [
    path("me/", views.MeView.as_view()),
    path("me/privacy/", views.PrivacyView.as_view()),
    path("me/avatar/", views.AvatarView.as_view()),
    path("me/status/", views.StatusView.as_view()),
    path("me/relations/", relations.RelationsView.as_view()),
    path("me/sessions/", sessions.SessionsView.as_view()),
    path("me/sessions/<uuid:session>/", sessions.SessionView.as_view()),
    path("contacts/", relations.ContactsView.as_view()),
    path("contacts/requests/", relations.ContactRequestsView.as_view()),
    path("contacts/requests/<uuid:request_id>/", relations.ContactRequestView.as_view()),
    path("contacts/<uuid:user_id>/", relations.ContactView.as_view()),
    path("blocks/", relations.BlocksView.as_view()),
    path("blocks/<uuid:user_id>/", relations.BlockView.as_view()),
]
