"""Addresses of a room's page, its messages, and single messages."""

from django.urls import path

from messaging import panels, views
from messaging.message_panels import reactions, revisions
from messaging.receipts.panel import receipts
from messaging.saved_panel import saved_messages
from messaging.scheduled_panel import scheduled_messages
from messaging.search.views import search

urlpatterns = [
    path("r/<slug:slug>/", views.room, name="room"),
    path("r/<slug:slug>/messages/", views.Messages.as_view(), name="room_messages"),
    path("r/<slug:slug>/<int:number>/", views.room, name="room_at"),
    path("r/<slug:slug>/pins/", panels.pins, name="pins"),
    path("r/<slug:slug>/thread/<int:number>/", panels.thread, name="thread"),
    path("r/<slug:slug>/thread/<int:number>/messages/", panels.thread_messages, name="thread_messages"),
    path("threads/", panels.threads, name="threads"),
    path("mentions/", panels.mentions, name="mentions"),
    path("drafts/", panels.drafts, name="drafts"),
    path("m/<uuid:message_id>/receipts/", receipts, name="receipts"),
    path("m/<uuid:message_id>/revisions/", revisions, name="revisions"),
    path("m/<uuid:message_id>/reactions/", reactions, name="reactions"),
    path("search/", search, name="search"),
    path("saved/", saved_messages, name="saved"),
    path("scheduled/", scheduled_messages, name="scheduled"),
    path("m/<uuid:message_id>/", views.permalink, name="permalink"),
]
