"""The people and the rooms of the demo: Harbour Lane, a workshop that its neighbourhood runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from rooms.models import Kind


@dataclass(frozen=True, slots=True)
class Line:
    """A message: who, how many minutes after the one before, what. `name` lets a later one answer it.

    `thread` names the line whose thread it replies in, `reactions` who reacted how, `poll` the
    options that it asks for, and `votes` who chose which of them.
    """

    who: str
    after: float
    text: str
    name: str = ""
    answers: str = ""
    edited: bool = False
    deleted: bool = False
    joins: bool = False
    thread: str = ""
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pinned_by: str = ""
    poll: tuple[str, ...] = ()
    votes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines that follow each other, from a time of a day that many days ago, or from minutes before now.

    The scenes of a room are in order whatever the time of the day is: those by the clock end before
    18:30, those by minutes begin less than five and a half hours ago.
    """

    lines: tuple[Line, ...]
    days_ago: int = 0
    at: str = ""  # HH:MM
    minutes_ago: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    display_name: str
    bio: str = ""
    time_zone: str = "Europe/Lisbon"
    status: tuple[str, str] = ("", "")  # emoji, text
    is_admin: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A room. The first member owns it; `moderators` keep it in order, and post where it is a channel."""

    slug: str
    kind: Kind
    members: tuple[str, ...]
    name: str = ""
    topic: str = ""
    moderators: tuple[str, ...] = ()
    archived_days_ago: int = 0
    # How many of the newest messages those who can sign in have not read.
    unread: dict[str, int] = field(default_factory=dict)


PEOPLE = (
    Person("robin", "Robin Hale", "Keeps the lights on. Keys, bills, this server.", is_admin=True),
    Person("maya", "Maya Okafor", "Coordinates Harbour Lane. Coffee first.", status=("🛠️", "At the workshop till six")),
    Person("tomas", "Tomás Rivera", "Web, sensors, anything with a cable."),
    Person(
        "yuki",
        "Yuki Tanaka",
        "木工と 3D プリンター。Wood and filament.",
        "Asia/Tokyo",
        status=("🎧", "At the lathe, write"),
    ),
    Person("leila", "Leila Haddad", "Events and partners · فعاليات وشراكات", "Asia/Beirut"),
    Person("jonas", "Jonas Lindqvist", "Bikes. Mostly other people's.", "Europe/Stockholm"),
    Person("priya", "Priya Raman", "Greenhouse, seeds, compost.", status=("🌱", "Repotting")),
    Person("sam", "Sam Whitlock", "New here. Learning to solder."),
    Person("greenhouse", "Greenhouse sensor", "Reads the thermometer every ten minutes.", is_bot=True),
)

# Who can sign in: the administrator and two members.
LOGINS = ("robin", "maya", "tomas")

_ALL = ("robin", "maya", "tomas", "yuki", "leila", "jonas", "priya", "sam")

PLACES = (
    Place(
        "commons", Kind.PUBLIC, _ALL, "Commons", "Everything that has no room of its own. Be kind, be brief.",
        moderators=("maya", "leila"), unread={"maya": 4, "tomas": 2},
    ),
    Place(
        "bike-bench", Kind.PUBLIC, ("jonas", "maya", "tomas", "sam", "yuki"), "Bike Bench",
        "Repairs, parts, who is at the stand. Torque wrench lives in the red drawer.", unread={"tomas": 3},
    ),
    Place(
        "greenhouse", Kind.PUBLIC, ("priya", "maya", "tomas", "leila", "greenhouse", "robin"), "Greenhouse",
        "Water rota, seedlings, and what the sensor says", moderators=("tomas",), unread={"maya": 2},
    ),
    Place(
        "announcements", Kind.CHANNEL, _ALL, "Announcements", "Opening hours and other things to know",
        moderators=("maya",), unread={"tomas": 1},
    ),
    Place("stand-up", Kind.PRIVATE, ("maya", "tomas", "yuki", "priya", "jonas", "robin"), "Stand-up",
          "Two lines each, before ten"),
    Place("coordinators", Kind.PRIVATE, ("maya", "robin", "leila"), "Coordinators", "Money, keys, insurance",
          unread={"maya": 1}),
    Place("board-games", Kind.PUBLIC, ("jonas", "sam", "yuki", "leila"), "Board Games", "Thursdays, upstairs"),
    Place("winter-market", Kind.PUBLIC, ("leila", "maya", "priya", "tomas", "robin"), "Winter Market",
          "Stall plan and shifts", archived_days_ago=40),
    Place("maya-tomas", Kind.DIRECT, ("maya", "tomas"), unread={"maya": 2}),
    Place("maya-yuki", Kind.DIRECT, ("maya", "yuki")),
    Place("robin-tomas", Kind.DIRECT, ("robin", "tomas"), unread={"robin": 1}),
    Place("repair-fair", Kind.DIRECT, ("maya", "priya", "leila"), unread={"maya": 1}),
)  # fmt: skip

# Who knows whom, and who has asked and waits for an answer, with what words.
CONTACTS = (("maya", "tomas"), ("maya", "leila"), ("maya", "robin"), ("tomas", "priya"), ("robin", "priya"))
REQUESTS = (("sam", "maya", "We shared the last slot of the laser cutter on Tuesday."), ("maya", "yuki", ""))
