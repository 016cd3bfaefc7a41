"""Addresses of presence under `/api/v1/`."""

from django.urls import path

from presence.api import views

urlpatterns = [
    path("me/availability/", views.AvailabilityView.as_view()),
    path("users/presence/", views.PresencesView.as_view()),
    path("users/<uuid:user_id>/presence/", views.PresenceView.as_view()),
]
