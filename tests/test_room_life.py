"""A room's life, at random: stale state with the events since must make what a fresh read shows.

Several people do whatever can be done to messages, in any order, refused or not. Clients that
looked at the room at some time apply the events that came since, as they were published and as
they are replayed, and must then know exactly what somebody knows who looks for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from messaging import lists, pages, polls, purging, services
from messaging.append import append
from messaging.drafts import Draft, NewPoll
from messaging.events import MESSAGE_EVENTS
from messaging.journal import read_range
from messaging.models import NOTICES, Message
from messaging.wire import MessageOut, ReactionOut, ReplyOut, ThreadOut, decode_message, messages_out
from realtime import bus
from realtime.errors import Refusal
from realtime.events import Event, Signal
from rooms import services as rooms
from rooms.models import Membership, Role, Room, RoomHead
from rooms.services.change import state_of
from rooms.summaries import summaries
from rooms.uuid7 import moment_of
from tests.factories import make_room, make_user

NAMES = ("ann", "ben", "cem")
TEXTS = ("one", "two words", "**three**", "call @ben", "@room all", "see https://example.org/")
EMOJI = ("👍", "🎉", "❤️")


@dataclass
class Client:
    """What a client knows of a room as of a `seq`, and how it takes an event in."""

    messages: dict[int, MessageOut]
    room: dict[str, Any]
    seq: int

    @classmethod
    def fresh(cls, room: Room) -> Client:
        """Look at the room for the first time."""
        head = RoomHead.objects.get(room=room)
        rows = Message.objects.in_room(room).after(head.floor_number).select_related("sender").order_by("number")
        known = {message.number: message for message in messages_out(rows)}
        return cls(known, state_of(Room.objects.get(pk=room.pk)), head.last_seq)

    def copy(self) -> Client:
        return replace(self, messages=dict(self.messages))

    def apply(self, events: Sequence[Event]) -> None:
        """Take events in as the contract says: what is known is passed over, state is absolute."""
        for event in events:
            if event.seq > self.seq:
                self._take(event)
                self.seq = event.seq

    def _take(self, event: Event) -> None:
        if event.kind in MESSAGE_EVENTS:
            self._take_message(decode_message(event.data))
            return
        data = msgspec.json.decode(event.data)
        if event.kind == "room.changed":
            self.room = data
        elif event.kind == "messages.purged":
            self._forget(data["floor_number"])
        elif "number" in data and data["number"] in self.messages:
            message = self.messages[data["number"]]
            if event.kind in ("message.pinned", "message.unpinned"):
                message = msgspec.structs.replace(message, pinned=event.kind == "message.pinned")
            else:
                message = _with_reaction(message, event.kind, data)
            self.messages[message.number] = message

    def _take_message(self, message: MessageOut) -> None:
        self.messages[message.number] = message
        if message.thread is not None and message.thread.index is not None:
            for number, root in self.messages.items():
                if root.id == message.thread.root:
                    count = max(message.thread.count, root.thread.count if root.thread else 0)
                    self.messages[number] = msgspec.structs.replace(root, thread=ThreadOut(root.id, count, None))
        for number, other in self.messages.items():
            if other.reply_to is not None and other.reply_to.id == message.id:
                quoted = ReplyOut(
                    message.id, message.number, message.sender, message.content[:200], message.deleted_at is not None
                )
                self.messages[number] = msgspec.structs.replace(other, reply_to=quoted)

    def _forget(self, floor: int) -> None:
        kept = {number: message for number, message in self.messages.items() if number > floor}
        self.messages = {
            number: msgspec.structs.replace(message, reply_to=None)
            if message.reply_to is not None and message.reply_to.number <= floor
            else message
            for number, message in kept.items()
        }


def _with_reaction(message: MessageOut, kind: str, data: dict[str, Any]) -> MessageOut:
    """Reactions stand in the order of their first use: one that begins (anew) goes to the end."""
    emoji, count = data["emoji"], data["count"]
    reactions = [each for each in message.reactions if each.emoji != emoji]
    place = next((place for place, each in enumerate(message.reactions) if each.emoji == emoji), len(reactions))
    if count:
        begins = kind == "reaction.added" and count == 1
        reactions.insert(len(reactions) if begins else place, ReactionOut(emoji, count))
    return msgspec.structs.replace(message, reactions=reactions)


def _about(event: Event) -> float:
    """The number of the message that the event shows whole; of other events, one that is never purged."""
    return decode_message(event.data).number if event.kind in MESSAGE_EVENTS else inf


class Ears:
    """A hub's place on the bus: the events of one room as they are published."""

    def __init__(self, room: Room) -> None:
        self.room = str(room.pk)
        self.events: list[Event] = []

    def accept(self, signals: Sequence[Signal]) -> None:
        self.events += [each for each in signals if isinstance(each, Event) and each.room == self.room]

    def wants_fragment(self, room: str) -> bool:
        return False


WHO = st.sampled_from(NAMES)
# Which message: so many before the newest one, among those of people; of 0, any of the room.
WHICH = st.integers(0, 6)


class RoomLife(RuleBasedStateMachine):
    """Rules are what people do; what is refused changes nothing, which the invariants hold too."""

    @initialize()
    def begin(self) -> None:
        self.people: dict[str, User] = {name: make_user(f"{name}-{uuid4().hex[:8]}") for name in NAMES}
        self.room = make_room(*self.people.values(), kind="public")
        for name in NAMES:
            self._send(name, "one")
        self.ears = Ears(self.room)
        bus.attach(self.ears)
        self.began_at = RoomHead.objects.get(room=self.room).last_seq
        self.stale = [Client.fresh(self.room)]

    def teardown(self) -> None:
        if hasattr(self, "ears"):
            bus.detach(self.ears)

    # --- What people do ---

    @rule(who=WHO, text=st.sampled_from(TEXTS), replies=st.booleans(), which=WHICH, silent=st.booleans())
    def say(self, who: str, text: str, replies: bool, which: int, silent: bool) -> None:
        message = self._message(which) if replies else None
        self._send(who, text, reply_to=message.pk if message else None, silent=silent)

    @rule(who=WHO, which=WHICH)
    def reply_in_thread(self, who: str, which: int) -> None:
        if message := self._message(which):
            self._send(who, "in the thread", thread=message.pk)

    @rule(who=WHO, multiple=st.booleans(), anonymous=st.booleans())
    def ask(self, who: str, multiple: bool, anonymous: bool) -> None:
        poll = NewPoll(options=["yes", "no", "maybe"], multiple=multiple, anonymous=anonymous)
        self._send(who, "Which?", poll=poll)

    @rule(which=WHICH, text=st.sampled_from(TEXTS))
    def edit(self, which: int, text: str) -> None:
        message = self._message(which)
        if message is not None and message.sender is not None:
            author = message.sender
            self._try(lambda: services.edit(author, message.pk, text))

    @rule(who=WHO, which=WHICH)
    def delete(self, who: str, which: int) -> None:
        self._act(which, lambda pk: services.delete(self.people[who], pk))

    @rule(who=WHO, which=WHICH, emoji=st.sampled_from(EMOJI), back=st.booleans())
    def react(self, who: str, which: int, emoji: str, back: bool) -> None:
        verb = services.unreact if back else services.react
        self._act(which, lambda pk: verb(self.people[who], pk, emoji))

    @rule(who=WHO, which=WHICH, back=st.booleans())
    def pin(self, who: str, which: int, back: bool) -> None:
        verb = services.unpin if back else services.pin
        self._act(which, lambda pk: verb(self.people[who], pk))

    @rule(who=WHO, options=st.sets(st.integers(0, 2)), closes=st.booleans())
    def vote(self, who: str, options: set[int], closes: bool) -> None:
        asked = Message.objects.in_room(self.room).exclude(poll=None).order_by("-number").first()
        if asked is not None and closes and len(options) == 3:
            self._try(lambda: polls.close(self.people[who], asked.pk))
        elif asked is not None:
            self._try(lambda: polls.vote(self.people[who], asked.pk, options))

    @rule(who=st.sampled_from(("ben", "cem")))
    def join(self, who: str) -> None:
        self._try(lambda: rooms.join(self.people[who], self.room))

    @rule(who=st.sampled_from(("ben", "cem")))
    def leave(self, who: str) -> None:
        self._try(lambda: rooms.leave(self.people[who], self.room))

    @rule(which=st.integers(0, 3))
    def rename(self, which: int) -> None:
        self._try(lambda: rooms.update_room(self.people["ann"], self.room, name=f"Name {which}"))

    @rule(who=st.sampled_from(("ben", "cem")), role=st.sampled_from([Role.MODERATOR, Role.MEMBER]))
    def give_role(self, who: str, role: Role) -> None:
        self._try(lambda: rooms.change_role(self.people["ann"], self.room, self.people[who], role))

    @rule(threads=st.sampled_from(("flow", "only")))
    def set_threads(self, threads: str) -> None:
        self._try(lambda: rooms.update_room(self.people["ann"], self.room, settings={"threads": threads}))

    @precondition(lambda self: len(self.ears.events) > 12)
    @rule(which=WHICH)
    def purge(self, which: int) -> None:
        if message := self._message(which):
            purging.purge(self.room.pk, before=moment_of(message.pk), reason="retention")

    @rule(who=WHO, which=WHICH, back=st.booleans())
    def read(self, who: str, which: int, back: bool) -> None:
        if message := self._message(which):
            asked = {"unread_from": message.number} if back else {"number": message.number}
            self._try(lambda: services.mark_read(self.people[who], self.room.pk, **asked))

    @precondition(lambda self: len(self.stale) < 4)
    @rule()
    def look(self) -> None:
        self.stale.append(Client.fresh(self.room))

    # --- What must hold ---

    @invariant()
    def counts_are_what_counting_gives(self) -> None:
        if not hasattr(self, "room"):
            return
        head = RoomHead.objects.get(room=self.room)
        written = messages_out(Message.objects.in_room(self.room).after(head.floor_number).select_related("sender"))
        for row in Membership.objects.current().of_room(self.room):
            (shown,) = summaries(row.user_id)
            behind = [message for message in written if message.number > row.read_number]
            counting = [each for each in behind if each.kind not in NOTICES and each.in_flow and not each.silent]
            user = str(row.user_id)
            calling = [
                each
                for each in behind
                if "room" in each.mentions
                or (user in each.mentions and (each.sender is None or each.sender.id != user))
            ]
            assert (shown.unread, shown.mentions) == (len(counting), len(calling))

    def check(self) -> None:
        """Hold every client against a fresh look; once, at the end of a life."""
        fresh = Client.fresh(self.room)
        log = self._read_log(self.stale[0].seq)
        published = [(event.seq, event.kind) for event in self.ears.events]
        assert [seq for seq, _ in published] == list(range(self.began_at + 1, fresh.seq + 1))
        head = RoomHead.objects.get(room=self.room)
        floor = head.floor_seq
        # What is below the floor is gone from the log, and what is above it of purged messages is void.
        kept = [event for event in self.ears.events if event.seq > floor and _about(event) > head.floor_number]
        assert [(event.seq, event.kind) for event in log] == [(event.seq, event.kind) for event in kept]
        for client in self.stale:
            known = client.copy()
            known.apply(self.ears.events)
            self._same(known, fresh)
            if client.seq < floor:
                continue  # a cursor below the floor gets `room.reset`
            resumed = client.copy()
            resumed.apply(log)
            resumed.seq = client.seq
            resumed.apply(log)  # twice changes nothing
            self._same(resumed, fresh)
        self._lists_agree(fresh)

    def _same(self, known: Client, fresh: Client) -> None:
        assert known.messages == fresh.messages
        assert (known.room, known.seq) == (fresh.room, fresh.seq)

    def _lists_agree(self, fresh: Client) -> None:
        page = pages.page(self.room, limit=pages.PAGE_MAX)
        assert page.results == [message for message in fresh.messages.values() if message.in_flow]
        pinned = lists.pins(self.room, before=None, limit=100).results
        assert {each.message.id for each in pinned} == {each.id for each in fresh.messages.values() if each.pinned}
        for message in fresh.messages.values():
            if message.thread is not None and message.thread.index is None:
                _, replies, _, _ = lists.thread(self.people["ann"], UUID(message.id), limit=100)
                assert [each.thread and each.thread.index for each in replies] == list(
                    range(1, message.thread.count + 1)
                )

    # --- Parts ---

    def _message(self, which: int) -> Message | None:
        messages = Message.objects.in_room(self.room).order_by("-number")
        if which == 0:
            return messages.first()
        of_people = list(messages.exclude(kind__in=NOTICES)[:6])
        return of_people[which % len(of_people)] if of_people else None

    def _send(self, who: str, content: str, **fields: Any) -> None:
        append(
            [Draft(room_id=self.room.pk, sender_id=self.people[who].pk, content=content, client_id=uuid4(), **fields)]
        )

    def _act(self, which: int, verb: Callable[[UUID], object]) -> None:
        if message := self._message(which):
            self._try(lambda: verb(message.pk))

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Refusal:
            return  # and nothing has changed: the invariants would notice

    def _read_log(self, after: int) -> list[Event]:
        events: list[Event] = []
        while True:
            found = read_range(self.room.pk, after, 7)
            assert found is not None
            events += found.events
            after = found.upto
            if after >= found.head:
                return events


class CheckedRoomLife(RoomLife):
    def teardown(self) -> None:
        try:
            if hasattr(self, "ears"):
                self.check()
        finally:
            super().teardown()


@pytest.mark.django_db(transaction=True)
def test_stale_state_and_events_make_what_a_fresh_read_shows() -> None:
    run_state_machine_as_test(
        CheckedRoomLife,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=False,
        ),
    )
