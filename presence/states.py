"""How somebody is, as processes tell each other, and what of that may be shown to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple, Protocol

from accounts.models import Audience, Availability

Status = Literal["online", "away", "dnd", "offline", "invisible"]
ONLINE: Status = "online"
AWAY: Status = "away"
OFFLINE: Status = "offline"
# What the person says of themselves in place of these: to others, and to themselves only.
DND: Status = "dnd"
INVISIBLE: Status = "invisible"
_ORDER = (ONLINE, AWAY, OFFLINE)


def best(statuses: Iterable[Status]) -> Status:
    """The sum of several sockets: online where any is, else away where any is."""
    return min(statuses, key=_ORDER.index, default=OFFLINE)


class State(NamedTuple):
    """A user by their sockets, and what they say of themselves, as of their `rev`."""

    status: Status = OFFLINE
    availability: Availability = Availability.AUTOMATIC
    audience: Audience = Audience.EVERYONE
    rev: int = 0

    @property
    def own(self) -> Status:
        """What the person sees of themselves."""
        if self.status == OFFLINE:
            return OFFLINE
        if self.availability == Availability.INVISIBLE:
            return INVISIBLE
        return DND if self.availability == Availability.DO_NOT_DISTURB else self.status

    @property
    def public(self) -> Status:
        """What those see who may see it."""
        return OFFLINE if self.availability == Availability.INVISIBLE else self.own

    @property
    def is_open(self) -> bool:
        """Whether all see the same of it who are not blocked."""
        return self.audience == Audience.EVERYONE and self.availability != Availability.INVISIBLE


OFF = State()


class Viewer(Protocol):
    """Whose eyes it is: a `Connection`, or a `Circle` of accounts."""

    @property
    def near(self) -> frozenset[str]: ...
    @property
    def hidden(self) -> frozenset[str]: ...


def seen(user: str, state: State, viewer: Viewer, own: str) -> Status:
    """The status of `user` that is shown to the viewer, whose own id is `own`."""
    if user == own:
        return state.own
    if state.audience == Audience.NOBODY or user in viewer.hidden:
        return OFFLINE
    if state.audience == Audience.CONTACTS and user not in viewer.near:
        return OFFLINE
    return state.public


def total(states: Collection[State]) -> State:
    """The sum over processes: the best status, and what was said last."""
    if not states:
        return OFF
    newest = max(states, key=lambda state: state.rev)
    return newest._replace(status=best([state.status for state in states]))


# As text, short: Redis has one for each user who is here.

_STATUS: dict[str, Status] = {"o": ONLINE, "a": AWAY}
_AVAILABILITY = {each.value[0]: each for each in Availability}
_AUDIENCE = {each.value[0]: each for each in Audience}


def encode(state: State) -> str:
    return f"{state.status[0]}{state.availability[0]}{state.audience[0]}{state.rev}"


def decode(text: bytes) -> State:
    """ValueError: what is there is of another version of the program."""
    status, availability, audience, rev = text[:1].decode(), text[1:2].decode(), text[2:3].decode(), text[3:]
    try:
        return State(_STATUS[status], _AVAILABILITY[availability], _AUDIENCE[audience], int(rev))
    except KeyError as error:
        raise ValueError(f"no state: {text!r}") from error
