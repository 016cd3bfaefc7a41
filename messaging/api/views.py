"""Messages over REST: pages of a room, sending, one message, the log, the read position."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import checked
from messaging import dates, pacing, pages, services
from messaging.api import shapes
from messaging.api.changes import pace_change
from messaging.api.inputs import LogQuery, MessageEdit, NewMessage, NewPosition, PageQuery
from messaging.append import append
from messaging.drafts import Draft, NewPoll
from messaging.journal import read_range
from messaging.models import Message
from messaging.overlay import with_me
from messaging.wire import MessageOut, messages_out
from realtime.errors import Gone, Invalid, NotFound
from rooms.models import LogEpoch, Room


class MessagesView(APIView):
    @extend_schema(operation_id="messages_list", parameters=[PageQuery], responses=shapes.MessagePage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """A page of the room's messages: the newest, or those before, after or around a number or a moment."""
        room = services.room_of(user_of(request), room_id)
        bounds = checked(PageQuery, request.query_params)
        if (moment := bounds.pop("at", None)) is not None:
            if bounds.keys() & {"before", "after", "around"}:
                raise Invalid("Give at most one of “before”, “after”, “around” and “at”.")
            bounds["around"] = dates.number_at(room.pk, moment)
        page = pages.page(room, **bounds)
        results = with_me(user_of(request), page.results)
        return Response(shapes.MessagePage(results, page.has_before, page.has_after, page.as_of_seq))

    @extend_schema(operation_id="messages_create", request=NewMessage, responses={200: MessageOut, 201: MessageOut})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Send a message. With a `client_id` that was used before, 200 and that message as it is now."""
        fields = checked(NewMessage, request.data)
        user = user_of(request)
        pacing.pace(
            pacing.MESSAGE_BUCKETS, user.pk, unthrottled=user.unthrottled, cost=pacing.cost_of(fields["content"])
        )
        draft = Draft(
            room_id=room_id,
            sender_id=user_of(request).pk,
            content=fields["content"],
            client_id=fields.get("client_id") or uuid4(),
            reply_to=fields.get("reply_to"),
            thread=fields.get("thread"),
            silent=fields["silent"],
            poll=NewPoll(**fields["poll"]) if fields.get("poll") else None,
            client_time=fields.get("client_time"),
            metadata={"attempt": fields["attempt"]} if fields.get("attempt") else {},
        )
        outcome = append([draft])[0]
        if outcome.error is not None:
            raise outcome.error
        if outcome.status == "duplicate":
            assert outcome.message is not None, "a duplicate has its original"
            return Response(with_me(user_of(request), [outcome.message])[0])
        assert outcome.json is not None, "what was stored has been encoded"
        return Response(msgspec.Raw(outcome.json), status=status.HTTP_201_CREATED)


class MessageView(APIView):
    @extend_schema(operation_id="messages_read", responses=MessageOut)
    def get(self, request: Request, message_id: UUID) -> Response:
        """One message, of a room that one is in."""
        messages = Message.objects.reachable_by(user_of(request)).select_related("sender")
        written = messages_out([get_object_or_404(messages, pk=message_id)])
        return Response(with_me(user_of(request), written)[0], headers={"ETag": _etag(written[0])})

    @extend_schema(
        operation_id="messages_edit",
        request=MessageEdit,
        responses=MessageOut,
        parameters=[
            OpenApiParameter(
                "If-Match", str, OpenApiParameter.HEADER, description="The `ETag` of what was edited; as `base_seq`."
            )
        ],
    )
    def patch(self, request: Request, message_id: UUID) -> Response:
        """Give a message of one's own other content. 409: it was edited since `base_seq`."""
        fields = checked(MessageEdit, request.data)
        pace_change(request, cost=pacing.cost_of(fields["content"]))
        if (tag := request.headers.get("If-Match")) and "base_seq" not in fields:
            fields["base_seq"] = _seq_of(tag)
        written = services.edit(user_of(request), message_id, fields["content"], base_seq=fields.get("base_seq"))
        return Response(with_me(user_of(request), [written])[0], headers={"ETag": _etag(written)})

    @extend_schema(operation_id="messages_delete", responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Delete a message; its tombstone stays in its place and is the answer."""
        pace_change(request)
        return Response(services.delete(user_of(request), message_id))


def _etag(message: MessageOut) -> str:
    """What names the content of a message as it is: the log's number of its newest edit."""
    return f'"{message.edited_seq or message.seq}"'


def _seq_of(tag: str) -> int | None:
    """The `base_seq` that an `If-Match` names; `*` is any."""
    if tag.strip() == "*":
        return None
    text = tag.strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Invalid("“If-Match” must be the ETag of the message.")
    return int(text)


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
        user = user_of(request)
        pacing.pace(pacing.READ_BUCKETS, user.pk, unthrottled=user.unthrottled)
        position = services.mark_read(user, room_id, **checked(NewPosition, request.data))
        return Response(shapes.Position(position.number, position.unread, position.mentions))
