"""Addresses of messages under `/api/v1/`."""

from django.urls import path

from messaging.api import receipts, views

urlpatterns = [
    path("rooms/<uuid:room_id>/messages/", views.MessagesView.as_view()),
    path("rooms/<uuid:room_id>/log/", views.LogView.as_view()),
    path("rooms/<uuid:room_id>/read/", views.ReadView.as_view()),
    path("messages/<uuid:message_id>/receipts/", receipts.ReceiptsView.as_view()),
    path("messages/<uuid:message_id>/", views.MessageView.as_view()),
]
