"""Search over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import Cursor, Limit, checked
from messaging import search
from messaging.overlay import with_me
from messaging.wire import MessageOut
from realtime.values import Id, Timestamp, timestamp

PERSON = "A username, a display name, an id, or `me`."
DATE = "A day, month or year like 2025-01-31, 2025-01, 2025, a moment (RFC 3339), `today` or `yesterday`."


class SearchQuery(serializers.Serializer[Mapping[str, Any]]):
    """The filters are those of the box; given here or in `q`, they all must hold."""

    q = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=search.QUERY_MAX,
        help_text='Words, "phrases", OR, -without, and filters like `from:name`.',
    )
    room = serializers.CharField(required=False, help_text="The id, slug or name of a room that one is in.")
    before = serializers.CharField(required=False, help_text=f"Earlier than this. {DATE}")
    after = serializers.CharField(required=False, help_text=f"Later than this, the day itself excluded. {DATE}")
    on = serializers.CharField(required=False, help_text=f"Within this. {DATE}")
    has = serializers.ChoiceField(search.HAS, required=False)
    mentions = serializers.CharField(required=False, help_text=PERSON)
    sort = serializers.ChoiceField(
        [str(each) for each in search.Sort],
        default=str(search.Sort.NEW),
        help_text="`new`: newest first. `best`: the newest thousand hits, those that match best first.",
    )
    time_zone = serializers.CharField(
        required=False, default="", help_text="Where days begin and end, like Europe/Berlin. By default the user's own."
    )
    cursor = Cursor(help_text="`next` of the page before.")
    limit = Limit(default=search.LIMIT_DEFAULT, max_value=search.LIMIT_MAX)

    def get_fields(self) -> dict[str, Any]:
        """Two of the names are words of Python."""
        names = {
            "from": serializers.CharField(required=False, help_text=PERSON),
            "is": serializers.ChoiceField(search.IS, required=False),
        }
        return {**super().get_fields(), **names}


class RoomOfHit(msgspec.Struct, frozen=True, gc=False):
    """The room that a hit is in. `name` of a direct room is its other people."""

    id: Id
    slug: str
    name: str
    kind: str


class SearchHit(msgspec.Struct, frozen=True, gc=False):
    """A message that matches. `highlight` is `excerpt` as safe HTML, with `<mark>` around what matches."""

    message: MessageOut
    room: RoomOfHit
    excerpt: str
    highlight: str


class SearchHint(msgspec.Struct, frozen=True, gc=False):
    """Why nothing is found: this filter names what is not there, or not for the user."""

    filter: str
    value: str
    detail: str


class SearchPage(msgspec.Struct, frozen=True, gc=False):
    """`next` is the cursor of the page after this one, if there may be one.

    A search that would take long ends before its page is full: everything down to `searched_to` has
    been looked at, and `next` goes on from there.
    """

    results: list[SearchHit]
    next: str | None
    searched_to: Timestamp | None
    hints: list[SearchHint]


class SearchView(APIView):
    @extend_schema(operation_id="search", parameters=[SearchQuery], responses=SearchPage)
    def get(self, request: Request) -> Response:
        """Messages of one's rooms that match, newest or best first."""
        user = user_of(request)
        search.take_turn(user)
        asked = checked(SearchQuery, request.query_params)
        filters = [search.Filter(name, asked[key]) for key, name in search.PARAMETERS.items() if key in asked]
        results = search.find(
            user,
            search.parse(asked["q"]).narrowed(filters),
            sort=search.Sort(asked["sort"]),
            cursor=asked.get("cursor"),
            limit=asked["limit"],
            zone=search.zone_of(user, asked["time_zone"]),
        )
        messages = with_me(user, [hit.message for hit in results.hits])
        return Response(
            SearchPage(
                results=[
                    SearchHit(
                        message,
                        RoomOfHit(str(hit.room.id), hit.room.slug, hit.room.name, hit.room.kind),
                        hit.excerpt.text,
                        hit.excerpt.html,
                    )
                    for message, hit in zip(messages, results.hits, strict=True)
                ],
                next=results.next,
                searched_to=timestamp(results.searched_to) if results.searched_to else None,
                hints=[SearchHint(*hint) for hint in results.hints],
            )
        )
