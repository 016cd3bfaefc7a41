"""Addresses of a room's page, its history, and single messages."""

from django.urls import path

from messaging import views

urlpatterns = [
    path("r/<slug:slug>/", views.room, name="room"),
    path("r/<slug:slug>/messages/", views.history, name="room_history"),
    path("r/<slug:slug>/<int:number>/", views.room, name="room_at"),
    path("m/<uuid:message_id>/", views.permalink, name="permalink"),
]
