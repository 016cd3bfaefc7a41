"""What a guest may reach who came by a name alone: their room, and nothing that is not named here.

What is added to the product is closed to them until it is written down. Which room it is that they
see is no matter of this: they are a member of one, and the queries see to the rest.
"""

from __future__ import annotations

from django.urls import ResolverMatch

NAME_MIN, NAME_MAX = 3, 20
READ = frozenset({"GET", "HEAD", "OPTIONS"})
WRITE = frozenset({"POST", "OPTIONS"})

# Pages, by the name of their address.
PAGES: dict[str, frozenset[str]] = {
    **dict.fromkeys(["home", "room", "room_at", "pins", "thread", "thread_messages"], READ),
    **dict.fromkeys(["permalink", "reactions", "receipts"], READ),
    **dict.fromkeys(["theme", "room_leave"], WRITE),
    **dict.fromkeys(["account_logout", "room_messages"], READ | WRITE),
}
# Calls of the REST API, by their route below `/api/v1/`.
CALLS: dict[str, frozenset[str]] = {
    **dict.fromkeys(["me/", "rooms/<uuid:room_id>/log/", "messages/<uuid:message_id>/reactions/"], READ),
    **dict.fromkeys(["messages/<uuid:message_id>/thread/", "messages/<uuid:message_id>/receipts/"], READ),
    **dict.fromkeys(["rooms/", "rooms/<uuid:room_id>/"], READ),
    **dict.fromkeys(["rooms/<uuid:room_id>/read/", "rooms/<uuid:room_id>/leave/"], WRITE),
    "rooms/<uuid:room_id>/messages/": READ | WRITE,
    "drafts/": READ,  # of their own composer, which keeps what they began to write
    "rooms/<uuid:room_id>/draft/": READ | {"PUT", "DELETE"},
    "messages/<uuid:message_id>/": READ | {"PATCH", "DELETE"},
    "messages/<uuid:message_id>/reactions/<str:emoji>/": frozenset({"PUT", "DELETE", "OPTIONS"}),
}
# Commands of the socket.
COMMANDS = frozenset(
    {"hello", "resume", "ping", "view", "typing", "presence", "read", "received"}
    | {"message.send", "message.edit", "message.delete", "reaction.add", "reaction.remove", "draft.set"}
)

# What the client offers whoever can reach it, by the name it goes by there: the page, call or command it ends in.
OFFERS = {
    "block": "blocks/<uuid:user_id>/",
    "closePoll": "messages/<uuid:message_id>/poll/close/",
    "follow": "messages/<uuid:message_id>/follow/",
    "forward": "messages/<uuid:message_id>/forward/",
    "history": "revisions",
    "mention": "rooms/<uuid:room_id>/members/",
    "pin": "messages/<uuid:message_id>/pin/",
    "preview": "messages/<uuid:message_id>/previews/",
    "profile": "profile",
    "save": "messages/<uuid:message_id>/saved/",
    "schedule": "scheduled/",
    "search": "search",
    "vote": "messages/<uuid:message_id>/vote/",
    "watch": "watch",
}
BARRED = frozenset(name for name, way in OFFERS.items() if way not in PAGES.keys() | CALLS.keys() | COMMANDS)

API = "api/v1/"


def may_reach(method: str, match: ResolverMatch) -> bool:
    """Whether a guest may make a request of that method to what the address resolved to."""
    if match.route.startswith(API):
        return method in CALLS.get(match.route.removeprefix(API), frozenset())
    return not match.namespaces and method in PAGES.get(match.url_name or "", frozenset())
