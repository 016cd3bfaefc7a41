"""Addresses of a room's page, its messages, and single messages."""

from django.urls import path

from messaging import views
from messaging.panels import lists, message, saved, scheduled, threads
from messaging.search.views import search

urlpatterns = [
    path("r/<slug:slug>/", views.room, name="room"),
    path("r/<slug:slug>/messages/", views.Messages.as_view(), name="room_messages"),
    path("r/<slug:slug>/<int:number>/", views.room, name="room_at"),
    path("r/<slug:slug>/pins/", lists.pins, name="pins"),
    path("r/<slug:slug>/thread/<int:number>/", threads.thread, name="thread"),
    path("r/<slug:slug>/thread/<int:number>/messages/", threads.thread_messages, name="thread_messages"),
    path("threads/", threads.threads, name="threads"),
    path("mentions/", lists.mentions, name="mentions"),
    path("drafts/", lists.drafts, name="drafts"),
    path("m/<uuid:message_id>/receipts/", message.receipts, name="receipts"),
    path("m/<uuid:message_id>/revisions/", message.revisions, name="revisions"),
    path("m/<uuid:message_id>/reactions/", message.reactions, name="reactions"),
    path("search/", search, name="search"),
    path("saved/", saved.saved_messages, name="saved"),
    path("scheduled/", scheduled.scheduled_messages, name="scheduled"),
    path("m/<uuid:message_id>/", views.permalink, name="permalink"),
]
