"""The page about a room: what its admins decide, as a form for those who may and as facts for all members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from accounts.requests import user_of
from realtime.errors import Refusal
from rooms import services
from rooms.forms import show_refusal
from rooms.models import Kind, Membership, Role, Room
from rooms.panels import is_for_panel, panel
from rooms.permissions import Action, allows
from rooms.settings import DAY_S, HOUR_S, REACTIONS_MAX, RoomSettings, settings_of

MINUTE_S = 60
# Seconds and what they are called. A room may have others, set over REST: they are offered as well.
PAUSES = [
    *((0, "Off"), (5, "5 seconds"), (10, "10 seconds"), (30, "30 seconds"), (MINUTE_S, "1 minute")),
    *((5 * MINUTE_S, "5 minutes"), (15 * MINUTE_S, "15 minutes"), (HOUR_S, "1 hour"), (6 * HOUR_S, "6 hours")),
]
EDIT_WINDOWS = [
    *((None, "At any time"), (5 * MINUTE_S, "For 5 minutes"), (15 * MINUTE_S, "For 15 minutes")),
    *((HOUR_S, "For 1 hour"), (DAY_S, "For 1 day"), (7 * DAY_S, "For 7 days"), (0, "Never")),
]
RETENTIONS = [
    *((None, "For good"), (DAY_S, "1 day"), (7 * DAY_S, "7 days"), (30 * DAY_S, "30 days")),
    *((90 * DAY_S, "90 days"), (365 * DAY_S, "1 year")),
]
ROLES = [
    *((Role.MEMBER.value, "Everybody"), (Role.MODERATOR.value, "Moderators and above")),
    *((Role.ADMIN.value, "Admins and above"), (Role.OWNER.value, "The owner only")),
]
# The actions whose least role the form offers.
OFFERED = {
    Action.POST: "Write messages",
    Action.POLL: "Ask polls",
    Action.REACT: "React to messages",
    Action.PIN: "Pin messages",
    Action.MENTION_ROOM: "Mention everybody (@room, @here)",
    Action.INVITE: "Add people",
    Action.EDIT_ROOM: "Change these settings",
}
# What in a channel only its moderators do anyway, and what by the table takes an admin.
_FROM_MODERATOR = frozenset({Action.POST, Action.POLL, Action.PIN, Action.MENTION_ROOM, Action.INVITE})


class SettingsForm(forms.Form):
    """A room's name, topic and settings. Empty seconds are “no limit”."""

    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    topic = forms.CharField(
        max_length=1000, required=False, widget=forms.Textarea(attrs={"autocomplete": "off", "rows": 2})
    )
    slow_mode_s = forms.TypedChoiceField(
        label="Slow mode",
        coerce=int,
        help_text="How long a member waits between two messages. Moderators do not wait.",
    )
    threads = forms.ChoiceField(
        label="Replies in threads",
        choices=[("flow", "Stand in the room as well"), ("only", "Stand in their thread only")],
    )
    edit_window_s = forms.TypedChoiceField(label="Messages can be edited", coerce=int, empty_value=None, required=False)
    reactions_max = forms.IntegerField(
        label="Different reactions on a message", min_value=0, max_value=REACTIONS_MAX, help_text="0 turns them off."
    )
    retention_s = forms.TypedChoiceField(
        label="Messages stay",
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Older ones disappear for everybody, and nobody can bring them back.",
    )
    fold_joins = forms.BooleanField(label="Show runs of people joining and leaving as one line", required=False)
    previews = forms.BooleanField(label="Show previews of links", required=False)
    guests = forms.BooleanField(label="Let guests in, by a link and with a name alone", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, room: Room) -> None:
        held = settings_of(room.settings)
        initial = {
            "name": room.name,
            "topic": room.topic,
            **{name: getattr(held, name) for name in RoomSettings.__struct_fields__},
            **{f"may_{action}": held.permissions.get(action, _least(room, action)) for action in OFFERED},
        }
        super().__init__(data, initial=initial)
        self._room, self._held = room, held
        if not settings.GUESTS:
            del self.fields["guests"]
        for name, offered in _DURATIONS.items():
            self.fields[name].choices = _with(offered, getattr(held, name))  # type: ignore[attr-defined]
        for action, label in OFFERED.items():
            least = _least(room, action)
            choices = ROLES[[value for value, _ in ROLES].index(least) :]
            self.fields[f"may_{action}"] = forms.ChoiceField(label=label, choices=choices)

    def permission_fields(self) -> list[forms.BoundField]:
        return [self[f"may_{action}"] for action in OFFERED]

    def settings(self) -> dict[str, Any]:
        """The room's settings as the form has them; permissions that it does not offer stay."""
        data = self.cleaned_data
        permissions = {name: role for name, role in self._held.permissions.items() if name not in OFFERED}
        for action in OFFERED:
            if (least := data[f"may_{action}"]) != _least(self._room, action):
                permissions[action] = least
        return {
            "permissions": permissions,
            **{
                name: data.get(name, getattr(self._held, name))
                for name in RoomSettings.__struct_fields__
                if name != "permissions"
            },
        }


_DURATIONS: Mapping[str, list[tuple[int | None, str]]] = {
    "slow_mode_s": PAUSES,  # type: ignore[dict-item]
    "edit_window_s": EDIT_WINDOWS,
    "retention_s": RETENTIONS,
}


@require_http_methods(["GET", "POST"])
@login_required
def room_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is decided about a room, and let those who may decide it anew."""
    user = user_of(request)
    rooms = Room.objects.joined_by(user).exclude(kind=Kind.DIRECT)  # those have nothing to decide
    room = get_object_or_404(rooms.select_related("head"), slug=slug)
    membership = get_object_or_404(Membership.objects.current(), room=room, user=user)
    may_edit = room.archived_at is None and allows(
        Action.EDIT_ROOM,
        role=membership.role,
        kind=room.kind,
        settings=room.settings,
        overrides=membership.permissions,
    )
    manage = _manageable(room, membership)
    if not may_edit:
        facts = {**_facts(room), "manage": manage}
        return panel(request, "panels/room_facts.html", facts, kind="room-settings", title="About", slug=slug)
    form = SettingsForm(request.POST if request.method == "POST" else None, room=room)
    is_saved = False
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            room = services.update_room(user, room, name=data["name"], topic=data["topic"], settings=form.settings())
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            if not is_for_panel(request):
                messages.success(request, "The settings are saved.")
                return redirect("room", room.slug)
            form, is_saved = SettingsForm(room=room), True
    context = {"here": room, "form": form, "is_saved": is_saved, "manage": manage}
    status = 422 if form.errors else 200
    template = "panels/room_settings.html"
    return panel(request, template, context, kind="room-settings", title="Room settings", slug=slug, status=status)


def _manageable(room: Room, membership: Membership) -> dict[str, bool]:
    """What the member may do with the room as a whole."""

    def may(action: Action) -> bool:
        return allows(
            action,
            role=membership.role,
            kind=room.kind,
            settings=room.settings,
            overrides=membership.permissions,
        )

    return {
        "may_invite": may(Action.INVITE) or may(Action.MANAGE_INVITATIONS),
        "may_ban": may(Action.BAN_MEMBER),
        "may_transfer": may(Action.TRANSFER),
        "may_archive": may(Action.ARCHIVE),
        "may_leave": may(Action.LEAVE),
        "may_delete": may(Action.DELETE_ROOM),
    }


def _least(room: Room, action: Action) -> str:
    """The least role that the table itself asks for."""
    if action == Action.EDIT_ROOM:
        return Role.ADMIN.value
    is_of_few = room.kind == Kind.CHANNEL and action in _FROM_MODERATOR
    return Role.MODERATOR.value if is_of_few else Role.MEMBER.value


def _with(offered: list[tuple[int | None, str]], held: int | None) -> list[tuple[int | str, str]]:
    """The choices of a form, with what a room has besides, in the place where it belongs."""
    choices = list(offered)
    if held not in dict(choices):
        choices.append((held, _spelt(held)))
        choices.sort(key=lambda choice: (choice[0] is not None, choice[0] or 0))
    return [("" if value is None else value, words) for value, words in choices]


def _spelt(seconds: int | None) -> str:
    return f"{seconds:,} seconds"


def _facts(room: Room) -> dict[str, Any]:
    """The settings in words, for those who cannot change them."""
    held = settings_of(room.settings)

    def words(name: str) -> str:
        return dict(_with(_DURATIONS[name], getattr(held, name)))[_key(getattr(held, name))]

    asked = {action: held.permissions.get(action, _least(room, action)) for action in OFFERED}
    return {
        "here": room,
        "facts": [
            ("Messages stay", words("retention_s")),
            ("Messages can be edited", words("edit_window_s")),
            ("Slow mode", words("slow_mode_s")),
            ("Replies in threads", "In their thread only" if held.threads == "only" else "In the room as well"),
        ],
        "roles": [(OFFERED[action], dict(ROLES)[least]) for action, least in asked.items()],
    }


def _key(value: int | None) -> int | str:
    return "" if value is None else value
