"""Messages over REST: pages of a room, sending, one message, the log, the read position."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from messaging import pages, services
from messaging.api import shapes
from messaging.api.inputs import LogQuery, NewMessage, NewPosition, PageQuery
from messaging.append import append
from messaging.drafts import Draft
from messaging.journal import read_range
from messaging.models import Message
from messaging.wire import MessageOut, messages_out
from realtime.errors import Gone, NotFound
from rooms.api.fields import checked
from rooms.models import LogEpoch, Room


class MessagesView(APIView):
    @extend_schema(operation_id="messages_list", parameters=[PageQuery], responses=shapes.MessagePage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """A page of the room's messages: the newest, or those before, after or around a number."""
        room = services.room_of(user_of(request), room_id)
        page = pages.page(room, **checked(PageQuery, request.query_params))
        return Response(shapes.MessagePage(page.results, page.has_before, page.has_after, page.as_of_seq))

    @extend_schema(operation_id="messages_create", request=NewMessage, responses={200: MessageOut, 201: MessageOut})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Send a message. With a `client_id` that was used before, 200 and that message as it is now."""
        fields = checked(NewMessage, request.data)
        draft = Draft(
            room_id=room_id,
            sender_id=user_of(request).pk,
            content=fields["content"],
            client_id=fields.get("client_id") or uuid4(),
            reply_to=fields.get("reply_to"),
            client_time=fields.get("client_time"),
        )
        outcome = append([draft])[0]
        if outcome.error is not None:
            raise outcome.error
        if outcome.status == "duplicate":
            return Response(outcome.message)
        assert outcome.json is not None, "what was stored has been encoded"
        return Response(msgspec.Raw(outcome.json), status=status.HTTP_201_CREATED)


class MessageView(APIView):
    @extend_schema(operation_id="messages_read", responses=MessageOut)
    def get(self, request: Request, message_id: UUID) -> Response:
        """One message, of a room that one is in."""
        messages = Message.objects.reachable_by(user_of(request)).select_related("sender")
        return Response(messages_out([get_object_or_404(messages, pk=message_id)])[0])

    @extend_schema(operation_id="messages_delete", responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Delete a message; its tombstone stays in its place and is the answer."""
        return Response(services.delete(user_of(request), message_id))


class LogView(APIView):
    @extend_schema(operation_id="log_read", parameters=[LogQuery], responses=shapes.LogPage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """What happened in the room after a cursor. 410: the log no longer reaches back to it."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id)
        query = checked(LogQuery, request.query_params)
        after, epoch = query["after"], LogEpoch.current()
        found = read_range(room.pk, after, query["limit"])
        if found is None:
            raise NotFound("There is no such room.")
        if after < found.floor or after > found.head or str(query.get("epoch", epoch)) != epoch:
            raise Gone("The log does not reach back to this cursor. Read a page of messages anew.")
        return Response(
            shapes.LogPage(
                results=[
                    shapes.LogEvent(event.kind, event.room, event.seq, msgspec.Raw(event.data))
                    for event in found.events
                ],
                next_after=min(found.head, after + query["limit"]),
                as_of_seq=found.head,
                floor_seq=found.floor,
                epoch=epoch,
            )
        )


class ReadView(APIView):
    @extend_schema(operation_id="rooms_mark_read", request=NewPosition, responses=shapes.Position)
    def post(self, request: Request, room_id: UUID) -> Response:
        """Move the read position to `number`, never back; or back, to before `unread_from`."""
        position = services.mark_read(user_of(request), room_id, **checked(NewPosition, request.data))
        return Response(shapes.Position(position.number, position.unread, position.mentions))
