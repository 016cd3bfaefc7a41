"""`docs/asyncapi.yaml` and the program say the same: every command, frame, code, limit and example."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from django.conf import settings
from jsonschema import Draft7Validator

from accounts.api.serializers import MeSerializer
from accounts.models import Audience, Privacy
from accounts.people import Person, PersonNow
from accounts.statuses import Status
from messaging import events as message_events
from messaging import purging
from messaging.changing import changing_message
from messaging.commands import PENDING_MAX
from messaging.models import Kind as MessageKind
from messaging.models import LinkPreview
from messaging.previews.work import digest_of, put
from messaging.services import ReadPosition
from messaging.wire import EXCERPT_LENGTH, MessageOut, ReplyOut
from realtime import commands, connection, errors, feed, gateway
from realtime.management.commands.serve import CLIENT_FRAME_MAX
from rooms import services
from rooms.models import Kind, Role
from rooms.services import Staff
from rooms.sidebar import Section
from rooms.summaries import Preferences, RoomSummary
from tests.factories import set_role
from tests.fixtures_server import World
from tests.servers import PROJECT
from tests.socket_contract import FORMATS, Breach, Exchange, contract, description, resolved

ROOM = "5b6f0c3e-5f0e-4d54-9d59-7e3f3b9c2a11"
NOWHERE = "00000000-0000-4000-8000-000000000000"
CHANNEL = description()["channels"]["socket"]
MESSAGES = description()["components"]["messages"]
SCHEMAS = description()["components"]["schemas"]
EXAMPLES = [(name, example["payload"]) for name, message in MESSAGES.items() for example in message["examples"]]
APPS = ("audit", "accounts", "realtime", "rooms", "messaging", "presence", "integrations")


def example(message: str, /, **changes: Any) -> dict[str, Any]:
    """A frame of that message, changed."""
    frame: dict[str, Any] = MESSAGES[message]["examples"][0]["payload"]
    return {**frame, **changes}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the file."""
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(below)


# --- The file by itself ----------------------------------------------------------------------


@pytest.mark.parametrize(("message", "payload"), EXAMPLES)
def test_the_examples_are_valid(message: str, payload: dict[str, Any]) -> None:
    Draft7Validator(resolved(MESSAGES[message]["payload"]), format_checker=FORMATS).validate(payload)


def test_every_message_belongs_to_an_operation_of_the_channel() -> None:
    used = {
        reference["$ref"]
        for operation in description()["operations"].values()
        for reference in [*operation["messages"], *operation.get("reply", {}).get("messages", ())]
    }
    assert used == {f"#/channels/socket/messages/{name}" for name in CHANNEL["messages"]}
    assert CHANNEL["messages"] == {name: {"$ref": f"#/components/messages/{name}"} for name in MESSAGES}


def test_every_message_is_named_by_its_type_and_has_no_other_fields() -> None:
    for message in MESSAGES.values():
        payload = message["payload"]
        assert payload["properties"]["type"] == {"const": message["name"]}
        assert payload["additionalProperties"] is False
        assert {"type"} <= set(payload["required"]) <= set(payload["properties"])


def test_every_format_is_one_that_is_checked() -> None:
    assert {node["format"] for node in nodes(description()) if "format" in node} == set(FORMATS.checkers)


def test_nothing_stands_beside_a_reference_where_it_would_not_count() -> None:
    assert [node for node in nodes(description()) if "$ref" in node and len(node) > 1] == []


# --- What holds frames against it ------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        example("ready", extra=1),
        {key: value for key, value in example("ready").items() if key != "epoch"},
        example("ready", server_time="2026-03-02T17:00:58Z"),
        example("ready", server_time="2026-13-02T17:00:58.020417Z"),
        example("ready", epoch="6D1F6F6E-0F4C-4C63-8E1B-0B7F4F1F6A53"),
        example("messageCreated", seq="45"),
        example("messageCreated", data={"message": ROOM}),
        example("messageDeleted", data=example("messageCreated")["data"]),
        example("messageDeleted", data=example("messageDeleted")["data"] | {"content": "still here"}),
        example("memberLeft", data=example("memberJoined")["data"]),
        example("error", code="nonsense"),
        example("presence", statuses={"ben": "online"}),
        {"type": "message.edited", "room": ROOM, "seq": 1, "data": {}},
        {"seq": 1},
    ],
)
def test_a_frame_that_is_not_as_described_is_a_breach(frame: dict[str, Any]) -> None:
    with pytest.raises(Breach):
        Exchange().received(frame)


@pytest.mark.parametrize(
    "frame",
    [
        example("ping", extra=1),
        {"type": "ping"},
        example("ping", ref="x" * 101),
        example("sendMessage", ref="c1"),
        example("sendMessage", client_time="2026-03-02T18:01:11"),
        example("markRead", unread_from=3),
        example("hello", cursors={"team": 1}),
        example("ready"),
    ],
)
def test_a_command_that_is_not_as_described_is_a_breach(frame: dict[str, Any]) -> None:
    with pytest.raises(Breach):
        Exchange().sent(frame)


def test_an_answer_is_one_of_its_command() -> None:
    exchange = Exchange()
    exchange.sent(example("markRead"))
    exchange.received(example("positionAck"))
    exchange.received(example("error", ref="c6"))
    for other in (example("messageAck", ref="c6"), example("pong", ref="c6")):
        with pytest.raises(Breach):
            exchange.received(other)


# --- The file and the program ----------------------------------------------------------------


def test_every_command_of_the_program_is_described_and_no_other() -> None:
    assert set(commands._registry) == set(contract().commands)


@pytest.mark.parametrize("kind", sorted(contract().commands))
def test_a_command_takes_the_fields_that_are_described(kind: str) -> None:
    (described,) = contract().commands[kind]
    decoder: Any = commands._registry[kind].decode
    taken = {field.encode_name: field.required for field in msgspec.structs.fields(decoder.__self__.type)}
    assert taken.keys() | {"type"} == described.schema["properties"].keys()
    # The program may ask for less than it is told to give: `ref` is for the client's own good.
    assert {name for name, is_required in taken.items() if is_required} <= set(described.schema["required"])


PROBES = (
    None,
    True,
    False,
    -1,
    0,
    1,
    1001,
    1.5,
    "",
    "x",
    ROOM,
    "2026-03-02T18:01:11Z",
    [],
    [1],
    {},
    {ROOM: 1},
    {ROOM: "1"},
)


@pytest.mark.parametrize(
    "message", [name for name, operation in description()["operations"].items() if operation["action"] == "receive"]
)
def test_what_the_file_allows_the_program_can_read(message: str) -> None:
    Draft7Validator.check_schema(resolved(MESSAGES[message]["payload"]))
    allows = Draft7Validator(resolved(MESSAGES[message]["payload"]), format_checker=FORMATS).is_valid
    allowed = 0
    for field in MESSAGES[message]["payload"]["properties"]:
        for probe in PROBES:
            frame = example(message, **{field: probe})
            if allows(frame):
                allowed += 1
                assert commands.decode(msgspec.json.encode(frame).decode()).problem is None, frame
    assert allowed


def named_in_source() -> set[str]:
    """The types of the frames that the program writes: `frame("…")`, glances, and those of the log's entries."""
    places = {"frame": 0, "Glance": 1, "enter": 1, "conclude": 1, "tell": 0, "tell_whole": 0, "_tell_reaction": 1}
    found = set()
    for app in APPS:
        for path in Path(PROJECT, app).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call):
                    place = places.get(getattr(call.func, "attr", getattr(call.func, "id", "")))
                    if place is not None and len(call.args) > place:
                        kind = call.args[place]
                        if isinstance(kind, ast.Name) and kind.id == "kind":
                            continue  # handed on: it is written out where the caller is called
                        assert isinstance(kind, ast.Constant), (
                            f"{path}:{call.lineno} has a type that is not written out"
                        )
                        found.add(kind.value)
    return found


def test_every_frame_of_the_program_is_described_and_no_other() -> None:
    of_messages = {"message.created", *message_events._EVENT_OF_KIND.values()}
    assert named_in_source() | of_messages | {"ack", "error"} == set(contract().frames)


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (SCHEMAS["Message"], MessageOut.__struct_fields__),
        (SCHEMAS["Reply"], ReplyOut.__struct_fields__),
        (SCHEMAS["Person"], Person.__struct_fields__),
        (SCHEMAS["PersonNow"], PersonNow.__struct_fields__),
        (SCHEMAS["Status"], Status.__struct_fields__),
        (SCHEMAS["RoomSummary"], RoomSummary.__struct_fields__),
        (SCHEMAS["Preferences"], Preferences.__struct_fields__),
        (SCHEMAS["Section"], Section.__struct_fields__),
        (SCHEMAS["Me"], MeSerializer.Meta.fields),
        (SCHEMAS["PrivacySettings"], Privacy.values),
        (MESSAGES["positionAck"]["payload"]["properties"]["data"], ReadPosition.__slots__),
    ],
)
def test_a_shape_has_all_its_fields_always(schema: dict[str, Any], fields: tuple[str, ...]) -> None:
    assert tuple(schema["required"]) == tuple(schema["properties"]) == tuple(fields)
    assert schema["additionalProperties"] is False


def test_words_are_the_words_of_the_program() -> None:
    codes = MESSAGES["error"]["payload"]["properties"]["code"]["enum"]
    assert set(codes) == {each.code for each in [errors.Refusal, *errors.Refusal.__subclasses__()]}
    assert SCHEMAS["RoomKind"]["enum"] == Kind.values
    assert SCHEMAS["Role"]["enum"] == Role.values
    assert SCHEMAS["Audience"]["enum"] == Audience.values
    assert SCHEMAS["Message"]["properties"]["kind"]["enum"] == MessageKind.values
    assert SCHEMAS["Reply"]["properties"]["content"]["maxLength"] == EXCERPT_LENGTH


def test_close_codes_and_limits_are_those_of_the_program() -> None:
    codes = {value for name, value in vars(connection.Code).items() if name.isupper()}
    assert set(map(int, CHANNEL["x-close-codes"])) == codes | {1009}  # that one is the WebSocket library's own
    assert CHANNEL["x-limits"] == {
        "frame_bytes": CLIENT_FRAME_MAX,
        "frames_per_second": connection.FRAME_RATE,
        "frames_burst": connection.FRAME_BURST,
        "hello_s": gateway.HELLO_TIMEOUT_S,
        "ref_characters": commands.REF_MAX,
        "sends_under_way": PENDING_MAX,
        "replay_of_room": feed.REPLAY_MAX,
        "replay_in_all": gateway.REPLAY_TOTAL_MAX,
        "unread_bytes": connection.LIVE_BUFFER_LIMIT,
        "abort_s": connection.ABORT_AFTER_S,
    }
    assert SCHEMAS["Ref"]["maxLength"] == commands.REF_MAX


def test_the_handshake_is_that_of_the_program() -> None:
    headers = CHANNEL["bindings"]["ws"]["headers"]["properties"]
    assert headers["Sec-WebSocket-Protocol"] == {"const": gateway.SUBPROTOCOL}
    assert description()["components"]["securitySchemes"]["session"]["name"] == settings.SESSION_COOKIE_NAME


# --- A live server ---------------------------------------------------------------------------


async def test_a_server_sends_every_frame_that_is_described(world: World) -> None:
    """The client holds each against the file, as it does in every other test."""
    ann, ben, cat = await world.people(3)
    room, other = await world.room(ann, ben), await world.room(ben, ann)
    room_id, other_id = str(room.pk), str(other.pk)
    ears = await world.connect(ann)
    ears.judges_order = False  # it asks for a room's past after its present
    # Ahead of its log, a cursor of a room leads nowhere; a room of others is not hers.
    await ears.hello({room_id: 10**9, NOWHERE: 1}, audience="web", more=True)
    await ears.expect("room.reset", room=room_id)
    await ears.expect("room.removed", room=NOWHERE)
    await ears.say("resume", cursors={other_id: 0})
    await ears.expect("member.joined", room=other_id)
    await ears.say("view", room=room_id)
    await ears.expect("viewing", room=room_id)

    mouth = await world.socket(ben)
    await ears.expect("presence", room=room_id)
    await mouth.say("typing", room=room_id, on=True)
    await ears.expect("typing", room=room_id, on=True)
    await mouth.say("presence", status="idle")
    await ears.expect("presence", room=room_id, statuses={ben.id: "away"})
    await world.rest(ben, "PUT", "me/status/", {"emoji": "🌱", "text": "Repotting"})
    assert (await ears.expect("user.changed", room=room_id))["users"][ben.id]["status"]["text"] == "Repotting"
    await ears.say("watch", people=[ben.id])
    assert (await ears.expect("watching"))["statuses"] == {ben.id: "away"}
    await ears.say("availability.set", ref="dnd", availability="dnd")
    assert (await ears.expect("ack", ref="dnd"))["data"] == {"availability": "dnd", "until": None}
    await ears.expect("availability", data={"availability": "dnd", "until": None})
    first = await mouth.sent(room_id, "Shall we?")
    await mouth.sent(room_id, "At six.", reply_to=first["id"], attempt=2, client_time=first["created_at"])
    replied = (await ears.expect("message.created", room=room_id, seq=first["seq"] + 1))["data"]
    assert (replied["reply_to"]["id"], replied["metadata"]) == (first["id"], {"attempt": 2})
    await mouth.say("received", positions={room_id: replied["number"]})
    assert (await ears.expect("receipt", room=room_id))["receipts"][ben.id]["received"] == replied["number"]
    await ears.say("read", ref="forth", room=room_id, number=replied["number"])
    assert (await ears.expect("ack", ref="forth"))["data"]["unread"] == 0
    await ears.say("read", ref="back", room=room_id, unread_from=replied["number"])
    assert (await ears.expect("ack", ref="back"))["data"]["unread"] == 1
    await ears.expect("read", room=room_id, unread=1)
    await mouth.say("message.delete", ref="delete", message=first["id"])
    assert (await mouth.expect("ack", ref="delete"))["data"]["content"] == ""
    assert "data-deleted" in (await ears.expect("message.deleted", room=room_id))["fragment"]
    await mouth.say("message.delete", ref="nothing", message=str(uuid4()))
    await mouth.expect("error", ref="nothing", code="not_found")

    second = await mouth.sent(room_id, "See https://example.org/ first.")
    about = {"message": second["id"]}
    await mouth.say("message.edit", **about, content="See https://example.org/ and then?", base_seq=second["seq"])
    await ears.expect("message.edited", room=room_id)
    await ears.say("reaction.add", **about, emoji="👍")
    await ears.expect("reaction.added", room=room_id)
    await ears.say("reaction.remove", **about, emoji="👍")
    await ears.expect("reaction.removed", room=room_id)
    await ears.say("message.pin", **about)
    await ears.expect("message.pinned", room=room_id)
    await ears.say("message.unpin", **about)
    await ears.expect("message.unpinned", room=room_id)
    await world.shell(_preview, second["id"])
    await ears.expect("message.previewed", room=room_id)
    reply = await ears.sent(room_id, "In the thread", thread=second["id"])
    assert reply["thread"]["count"] == 1
    await world.rest(ben, "POST", f"messages/{second['id']}/thread/read/", {"index": 1})
    await mouth.expect("thread.read", root=second["id"])
    asked = await mouth.sent(room_id, "Which?", poll={"options": ["tea", "coffee"]})
    await ears.say("poll.vote", message=asked["id"], options=[0])
    await ears.expect("voted", message=asked["id"])
    await ears.expect("poll.changed", room=room_id)
    await ears.say("draft.set", room=room_id, content="What I was about to")
    await ears.expect("draft", room=room_id)
    await world.rest(ann, "PUT", f"messages/{second['id']}/saved/", {})
    await ears.expect("saved", message=second["id"])
    later = {
        "room": room_id,
        "content": "Good morning",
        "send_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    await world.rest(ann, "POST", "scheduled/", later)
    await ears.expect("scheduled")
    await world.rest(ann, "POST", "me/sections/", {"name": "Mine"})
    await ears.expect("sections")
    await world.rest(ann, "PATCH", f"rooms/{room_id}/me/", {"favourite": True})
    await ears.expect("room.preferences")
    await world.rest(ben, "POST", "contacts/requests/", {"user": ann.id})
    await ears.expect("relations")
    await world.shell(purging.purge, other.pk, before=datetime.now(UTC) + timedelta(minutes=1), reason="retention")
    await ears.expect("messages.purged", room=other_id)

    await world.shell(set_role, room, ben.user, Role.MODERATOR)
    await ears.expect("member.changed", room=room_id)
    await world.shell(services.mute_member, ann.user, room, ben.user, datetime(2100, 1, 1, tzinfo=UTC))
    changed = await ears.expect("member.changed", room=room_id)
    assert changed["data"]["muted_until"] == "2100-01-01T00:00:00.000000Z"
    await world.shell(services.update_room, ann.user, room, topic="Tea", settings={"permissions": {"invite": "admin"}})
    await ears.expect("room.changed", room=room_id)
    newcomer = await world.socket(cat)
    await world.shell(services.ban, ann.user, room, cat.user, reason="Noise")
    assert (await ears.expect("bans.changed", room=room_id))["data"] == {}
    await world.shell(services.unban, ann.user, room, cat.user)
    await ears.expect("bans.changed", room=room_id)
    await world.rest(ann, "POST", f"rooms/{room_id}/invitations/", {"user": cat.id})
    await newcomer.expect("invitations", waiting=1)
    await world.shell(services.add_members, ann.user, room, [cat.user])
    await newcomer.expect("room.added")
    await world.shell(services.remove_member, ann.user, room, cat.user)
    await newcomer.expect("room.removed", room=room_id)
    await ears.expect("member.left", room=room_id)
    await asyncio.gather(ears.in_step(), mouth.in_step(), newcomer.in_step())
    assert {frame["type"] for socket in (ears, mouth, newcomer) for frame in socket.frames} == set(contract().frames)


def _preview(message_id: str) -> None:
    """Put a preview on the message, as if its page had been asked."""
    url = "https://example.org/"
    LinkPreview.objects.update_or_create(
        digest=digest_of(url),
        defaults={"url": url, "title": "Example", "site": "example.org", "fetched_at": datetime.now(UTC)},
    )
    with changing_message(Staff(), UUID(message_id)) as change:
        put(change)


async def test_a_room_is_named_by_its_id_and_by_nothing_else(world: World) -> None:
    ann = await world.person()
    room = str((await world.room(ann)).pk)
    socket = await world.socket(ann)
    await socket.raw('{"type": "resume", "ref": "slug", "cursors": {"team": 1}}')
    assert "UUID" in (await socket.expect("error", ref="slug", code="invalid"))["detail"]
    # In whatever case: it is the same id.
    await socket.raw(json.dumps({"type": "view", "ref": "view", "room": room.upper()}))
    await socket.expect("viewing", ref="view", room=room)
    other = await world.connect(ann)
    await other.raw(json.dumps({"type": "hello", "ref": "hello", "cursors": {room.upper(): 0}}))
    await other.expect("ready", ref="hello")
    await other.expect("member.joined", room=room)

    late = await world.connect(ann)
    await late.raw('{"type": "hello", "ref": "hello", "cursors": {"team": 1}}')
    await late.expect("error", ref="hello", code="invalid")
    assert await late.closed() == connection.Code.BAD_FRAME


async def test_a_call_to_a_server_is_held_against_the_description(world: World) -> None:
    ann = await world.person()
    room = await world.room(ann)
    assert (await world.rest(ann, "POST", f"rooms/{room.pk}/messages/", {"content": "Hello"}))[0] == 201
    status, log = await world.rest(ann, "GET", f"rooms/{room.pk}/log/?after=0")
    assert (status, [event["type"] for event in log["results"]]) == (200, ["member.joined", "message.created"])
    assert (await world.rest(None, "GET", "me/"))[0] == 401
    assert (await world.rest(ann, "GET", "nothing/"))[0] == 404
