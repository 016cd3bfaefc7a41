"""Addresses of messages under `/api/v1/`."""

from django.urls import path

from messaging.api import (
    changes,
    drafts,
    forwarding,
    polls,
    previews,
    receipts,
    saved,
    scheduled,
    search,
    threads,
    views,
)

urlpatterns = [
    path("rooms/<uuid:room_id>/messages/", views.MessagesView.as_view()),
    path("rooms/<uuid:room_id>/log/", views.LogView.as_view()),
    path("rooms/<uuid:room_id>/read/", views.ReadView.as_view()),
    path("rooms/<uuid:room_id>/received/", receipts.ReceivedView.as_view()),
    path("rooms/<uuid:room_id>/draft/", drafts.DraftView.as_view()),
    path("drafts/", drafts.DraftsView.as_view()),
    path("rooms/<uuid:room_id>/pins/", changes.PinsView.as_view()),
    path("messages/<uuid:message_id>/", views.MessageView.as_view()),
    path("messages/<uuid:message_id>/revisions/", changes.RevisionsView.as_view()),
    path("messages/<uuid:message_id>/reactions/", changes.ReactionsView.as_view()),
    path("messages/<uuid:message_id>/reactions/<str:emoji>/", changes.ReactionView.as_view()),
    path("messages/<uuid:message_id>/pin/", changes.PinView.as_view()),
    path("messages/<uuid:message_id>/previews/", previews.PreviewsView.as_view()),
    path("messages/<uuid:message_id>/previews/<int:index>/", previews.PreviewView.as_view()),
    path("messages/<uuid:message_id>/thread/", threads.ThreadView.as_view()),
    path("messages/<uuid:message_id>/thread/read/", threads.ThreadReadView.as_view()),
    path("messages/<uuid:message_id>/follow/", threads.ThreadFollowView.as_view()),
    path("threads/", threads.ThreadsView.as_view()),
    path("mentions/", threads.MentionsView.as_view()),
    path("messages/<uuid:message_id>/receipts/", receipts.ReceiptsView.as_view()),
    path("messages/<uuid:message_id>/saved/", saved.SavedView.as_view()),
    path("messages/<uuid:message_id>/vote/", polls.VoteView.as_view()),
    path("messages/<uuid:message_id>/votes/", polls.VotesView.as_view()),
    path("messages/<uuid:message_id>/poll/close/", polls.PollCloseView.as_view()),
    path("messages/<uuid:message_id>/forward/", forwarding.ForwardView.as_view()),
    path("search/", search.SearchView.as_view()),
    path("saved/", saved.SavedListView.as_view()),
    path("scheduled/", scheduled.ScheduledListView.as_view()),
    path("scheduled/<uuid:scheduled_id>/", scheduled.ScheduledView.as_view()),
]
