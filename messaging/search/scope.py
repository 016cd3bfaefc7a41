"""From the names in a query to what the index is asked: rooms, people and times.

The rooms that the user is in now are read first, and everything else only narrows them: nothing
that was typed can widen a search. A name that is nobody's makes the answer empty and leaves a
hint, which says the same of what does not exist and of what the user may not know of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.relations import blocked_by
from messaging.search.document import mark
from messaging.search.engine import Matching, engine
from messaging.search.query import HAS, IS, Filter, Query, invalid
from rooms.models import Kind, Membership

ME = "me"
# So many of those whose messages are not shown are named to the index.
HIDDEN_ASKED_MAX = 50


class Hint(NamedTuple):
    """Why a filter finds nothing."""

    filter: str
    value: str
    detail: str


class Place(NamedTuple):
    """A room that the user is in, as a filter may name it and as a hit shows it."""

    id: UUID
    slug: str
    name: str
    kind: str
    floor: int


@dataclass(slots=True)
class Scope:
    """What the index is asked, and the rooms that hits may be of."""

    rooms: dict[UUID, Place]
    matching: Matching
    hints: list[Hint] = field(default_factory=list)
    # Of whom nothing is shown: the user has blocked them.
    hidden: frozenset[UUID] = frozenset()


def scope_of(user: User, query: Query, zone: tzinfo = UTC) -> Scope:
    """Resolve the query for this user. Invalid (by field): a filter has a value that it cannot have.

    `zone` is where the user's days begin and end. At most four queries.
    """
    return _Resolution(user, zone).resolve(query)


def rooms_of(user: User) -> dict[UUID, Place]:
    """The rooms that the user is in now: the root of every search."""
    memberships = (
        Membership.objects.current()
        .filter(user=user, room__deleted_at__isnull=True)
        .values_list("room_id", "room__slug", "room__name", "room__kind", "room__head__floor_number")
    )
    return {row[0]: Place(*row) for row in memberships}


class _Resolution:
    def __init__(self, user: User, zone: tzinfo) -> None:
        self._user = user
        self._zone = zone
        self._hints: list[Hint] = []
        self._marks: list[tuple[str, ...]] = []
        self._without: list[str] = []
        self._after: datetime | None = None
        self._before: datetime | None = None

    def resolve(self, query: Query) -> Scope:
        rooms = rooms_of(self._user)
        self._people = self._people_named(
            {_person_key(each.value) for each in query.filters if each.name in ("from", "mentions")}
        )
        wanted: set[UUID] | None = None
        for each in query.filters:
            if each.name == "in":
                found = self._rooms(each, rooms)
                if each.negated:
                    rooms = {key: room for key, room in rooms.items() if key not in found}
                else:
                    wanted = (wanted or set()) | found  # in one of those that are named
            elif each.name in ("before", "after", "on"):
                self._time(each)
            else:
                self._mark(each)
        hidden = frozenset(blocked_by(self._user.pk))
        # The index leaves out what it can without a question of any length; the rest is passed over when it is read.
        self._without += [mark("from", each) for each in sorted(hidden)[:HIDDEN_ASKED_MAX]]
        chosen = [key for key in rooms if wanted is None or key in wanted]
        matching = Matching(
            rooms=chosen,
            alternatives=query.alternatives,
            marks=tuple(self._marks),
            without=tuple(self._without),
            after=engine().place_at(self._after) if self._after else None,
            before=engine().place_at(self._before) if self._before else None,
        )
        return Scope(rooms, matching, self._hints, hidden)

    # Each reads a filter.

    def _rooms(self, each: Filter, rooms: dict[UUID, Place]) -> set[UUID]:
        name = each.value.removeprefix("#").casefold()
        found = {key for key, room in rooms.items() if name in (room.slug, room.name.casefold(), str(key))}
        if not found:
            name = name.removeprefix("@")
            found = self._direct_rooms(self._people_named([name]).get(name, ()), rooms)
        if not found:
            self._hint(each, f"You are in no room called “{each.value}”.")
        return found

    def _direct_rooms(self, people: Collection[UUID], rooms: dict[UUID, Place]) -> set[UUID]:
        """The conversations of two with these people."""
        direct = [key for key, room in rooms.items() if room.kind == Kind.DIRECT]
        of_two = Membership.objects.filter(room_id__in=direct, user_id__in=people, room__head__member_count__lte=2)
        return set(of_two.values_list("room_id", flat=True))

    def _mark(self, each: Filter) -> None:
        if each.name == "has":
            marks = self._one_of(each, HAS)
        elif each.name == "is":
            marks = self._one_of(each, IS)
        else:
            marks = self._person(each)
        if marks and each.negated:
            self._without += marks
        elif marks:
            self._marks.append(marks)

    def _one_of(self, each: Filter, known: Sequence[str]) -> tuple[str, ...]:
        value = each.value.lower()
        value = value.removesuffix("s") if value.removesuffix("s") in known else value  # has:links
        if value not in known:
            *first, last = known
            choice = f"{', '.join(first)} or {last}" if first else last
            raise invalid(f"“{each.name}:” can be {choice}.", each.name)
        return (mark(each.name, value),)

    def _person(self, each: Filter) -> tuple[str, ...]:
        people = self._people.get(_person_key(each.value), ())
        if not people:
            self._hint(each, f"Nobody here is called “{each.value}”.")
        marks = tuple(mark(each.name, person) for person in people)
        if each.name == "mentions" and self._user.pk in people:
            marks += (mark("mentions", "room"), mark("mentions", "here"))  # the user was meant, too
        return marks

    def _people_named(self, names: Collection[str]) -> dict[str, tuple[UUID, ...]]:
        """The ids of people by what they are called: username or id, else display name."""
        found: dict[str, tuple[UUID, ...]] = {ME: (self._user.pk,)} if ME in names else {}
        if asked := {name for name in names if name != ME}:
            ids = [UUID(name) for name in asked if _UUID.fullmatch(name)]
            named = User.objects.alias(key=Lower("username")).filter(Q(key__in=asked) | Q(pk__in=ids))
            for pk, username in named.values_list("pk", "username"):
                found[username.lower()] = found[str(pk)] = (pk,)
        if missing := {name for name in names if name not in found}:
            shown = User.objects.alias(key=Lower("display_name")).filter(key__in=missing)
            for pk, display_name in shown.values_list("pk", "display_name"):
                key = display_name.casefold()
                found[key] = (*found.get(key, ()), pk)  # several may be called so
        return found

    def _time(self, each: Filter) -> None:
        begins, ends = period_of(each.value, self._zone, each.name)
        if each.name in ("after", "on"):
            after = begins if each.name == "on" else ends
            self._after = after if self._after is None else max(self._after, after)
        if each.name in ("before", "on"):
            before = ends if each.name == "on" else begins
            self._before = before if self._before is None else min(self._before, before)

    def _hint(self, each: Filter, detail: str) -> None:
        if not each.negated:  # without what does not exist is everything
            self._hints.append(Hint(each.name, each.value, detail))


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DAYS = {"today": 0, "yesterday": 1}


def _person_key(value: str) -> str:
    return value.removeprefix("@").casefold()


def period_of(value: str, zone: tzinfo, name: str) -> tuple[datetime, datetime]:
    """When what a date names begins and ends: a year, a month, a day, or a moment (RFC 3339).

    Invalid, under the filter's name: it is none of these.
    """
    if value.lower() in _DAYS:
        day = timezone.now().astimezone(zone).date() - timedelta(days=_DAYS[value.lower()])
        return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    try:
        if match := _DATE.fullmatch(value):
            year, month, number = (int(part) if part else None for part in match.groups())
            assert year is not None
            first = date(year, month or 1, number or 1)
            if number:
                last = first + timedelta(days=1)
            elif month:
                last = date(year + month // 12, month % 12 + 1, 1)
            else:
                last = date(year + 1, 1, 1)
            return _midnight(first, zone), _midnight(last, zone)
        moment = parse_datetime(value)
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return moment.astimezone(UTC), moment.astimezone(UTC) + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        pass  # a thirteenth month, a year 10000: no date either
    raise invalid(f"“{value}” is no date. Write it like 2025-01-31, 2025-01, 2025, today or yesterday.", name)


def _midnight(day: date, zone: tzinfo) -> datetime:
    moment = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    if moment.year < 1971:  # before there were any ids
        raise ValueError(day)
    return moment


def zone_of(user: User, name: str = "") -> tzinfo:
    """The zone of that name, else the user's own, else UTC. Invalid: there is no such zone."""
    for wanted in filter(None, (name, user.time_zone)):
        try:
            return ZoneInfo(wanted)
        except (KeyError, ValueError, OSError) as error:
            if wanted == name:
                raise invalid(f"There is no time zone called “{name}”.", "time_zone") from error
    return UTC
