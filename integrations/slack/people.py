"""Slack's people and bots as accounts here.

An account is found again by its id, which is made from Slack's; a person who has an account here
already is recognised by the e-mail address and keeps that account as it is. Nobody gets a password:
people choose one through "Forgot your password?".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Lower

from accounts.models import USERNAME_MAX, USERNAME_MIN, User
from integrations.slack.shapes import Fields, SlackMessage, SlackUser

# Everything imported has its id from this and from Slack's own, so that a second run finds it.
NAMESPACE = UUID("6b1f3a52-0f0c-4e0a-9b56-3c0c5f1d8a11")
# Keys of one look-up: far below the bound of either database.
BATCH = 500
T = TypeVar("T")
# “added an integration to this channel: <https://…/services/B0AAAAAAA|github>”
_ADDED_APP = re.compile(r"<[^<>|]*/services/[^<>|]*\|([^<>]+)>")
_NAMELESS = "Slack"  # who speaks where an export names nobody


@dataclass(slots=True)
class People:
    """Who is who. `made` and `recognised` are for the summary."""

    by_slack_id: dict[str, User] = field(default_factory=dict)
    by_bot_id: dict[str, User] = field(default_factory=dict)
    by_bot_name: dict[str, User] = field(default_factory=dict)
    bot_names: dict[str, str] = field(default_factory=dict)
    made: int = 0
    recognised: list[User] = field(default_factory=list)

    def settle(self, users: Sequence[SlackUser]) -> None:
        """Find or make the account of each."""
        # Those who are still there first: an address belongs to them rather than to who has gone.
        users = sorted(users, key=lambda user: bool(user.deleted))
        accounts = {user.id: _account(user) for user in users}
        known = _by_id([account.pk for account in accounts.values()])
        imported = {account.pk for account in accounts.values()}
        holders = _by_email([account.email.lower() for account in accounts.values() if account.email])
        claimed: set[str] = set()  # addresses that somebody of this export has
        missing: list[User] = []
        for slack_id, account in accounts.items():
            address = (account.email or "").lower()
            holder = holders.get(address)
            if account.pk in known:
                self.by_slack_id[slack_id] = known[account.pk]
            elif holder and holder.pk not in imported and address not in claimed:
                self.by_slack_id[slack_id] = holder
                self.recognised.append(holder)
            else:
                if holder or address in claimed:
                    account.email = None  # two of Slack's people have one address, and the first has it
                self.by_slack_id[slack_id] = account
                missing.append(account)
            claimed.add(address)
        self._make(missing)
        for user in users:
            if user.profile.bot_id:
                self.by_bot_id[user.profile.bot_id] = self.by_slack_id[user.id]

    def sender(self, message: SlackMessage) -> User:
        """The account that a message is stored under; made where nobody has named its author before."""
        if author := message.author():
            return self.by_slack_id.get(author) or self._stranger(author, message.user_profile)
        return self._bot(message)

    def hear(self, message: SlackMessage) -> None:
        """Learn what an app is called: old exports say it only where it was added to a channel."""
        if message.subtype == "bot_add" and message.bot_id and (named := _ADDED_APP.search(message.text or "")):
            self.bot_names[message.bot_id] = named[1]

    def member(self, slack_id: str) -> User:
        """The account of somebody whom a list of members names."""
        return self.by_slack_id.get(slack_id) or self._stranger(slack_id, None)

    def _stranger(self, slack_id: str, profile: Fields | None) -> User:
        """Somebody whom users.json does not name: of another workspace, or removed since."""
        said = {key: value for key, value in (profile or {}).items() if isinstance(value, str)}
        name = said.get("display_name") or said.get("real_name") or said.get("name") or slack_id
        account = User(
            id=uuid5(NAMESPACE, f"user/{slack_id}"),
            username=said.get("name") or f"slack-{slack_id}",
            display_name=name[:100],
            is_active=False,
        )
        self.by_slack_id[slack_id] = self._found_or_made(account)
        return self.by_slack_id[slack_id]

    def _bot(self, message: SlackMessage) -> User:
        """The account of the bot that posted; where not even one is named, of Slack itself.

        Apps that users.json does not know are told apart by name alone: each channel that they were
        added to gave them another id, and one that carries other people's words names those.
        """
        bot_id = message.bot_id or ""
        known = self.by_bot_id.get(bot_id)
        if known and message.username in (None, "", known.name):
            return known
        profile_name = (message.bot_profile or {}).get("name")
        name = str(message.username or profile_name or self.bot_names.get(bot_id) or bot_id or _NAMELESS)
        key = name.casefold()
        if key not in self.by_bot_name:
            account = User(id=uuid5(NAMESPACE, f"bot/{key}"), username=name, display_name=name[:100], is_bot=True)
            self.by_bot_name[key] = self._found_or_made(account)
        return self.by_bot_name[key]

    def _found_or_made(self, account: User) -> User:
        found = _by_id([account.pk])
        if not found:
            self._make([account])
        return found.get(account.pk, account)

    def _make(self, accounts: list[User]) -> None:
        """Insert accounts under usernames that nobody has."""
        for account in accounts:
            account.username = _allowed(account.username)
            account.password = make_password(None)
        taken = _taken([account.username for account in accounts])
        with transaction.atomic():
            for account in accounts:
                account.username = _free(account.username, taken)
                taken.add(account.username.lower())
            User.objects.bulk_create(accounts, BATCH)
        self.made += len(accounts)


def _account(user: SlackUser) -> User:
    """What users.json says of somebody, as an account that is not yet saved."""
    profile = user.profile
    is_bot = bool(user.is_bot) or user.id == "USLACKBOT"
    display_name = profile.display_name or profile.real_name or user.real_name or user.name or user.id
    return User(
        id=uuid5(NAMESPACE, f"user/{user.id}"),
        username=user.name or user.id,
        email=None if is_bot else _address(profile.email),
        display_name=display_name[:100],
        bio=(profile.title or "")[:1000],
        time_zone=(user.tz or "")[:64],
        is_active=not user.deleted,
        is_bot=is_bot,
        is_guest=bool(user.is_restricted or user.is_ultra_restricted),
    )


def _address(email: str | None) -> str | None:
    try:
        validate_email(email or "")
    except ValidationError:
        return None
    return email if email and len(email) <= 255 else None


def _allowed(name: str) -> str:
    """The name with only what a username may have, and long enough."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", plain).strip("_")[:USERNAME_MAX]
    return plain if len(plain) >= USERNAME_MIN else f"slack-{plain}".rstrip("-")


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name with the first number that makes it one that nobody has."""
    candidate, number = name, 1
    while candidate.lower() in taken or (number > 1 and _taken([candidate])):
        number += 1
        suffix = f"-{number}"
        candidate = name[: USERNAME_MAX - len(suffix)] + suffix
    return candidate


def _taken(names: Iterable[str]) -> set[str]:
    lowered = [name.lower() for name in names]
    rows = User.objects.annotate(lowered=Lower("username"))
    return {
        each for batch in _batches(lowered) for each in rows.filter(lowered__in=batch).values_list("lowered", flat=True)
    }


def _by_id(ids: Sequence[UUID]) -> dict[UUID, User]:
    return {user.pk: user for batch in _batches(ids) for user in User.objects.filter(pk__in=batch)}


def _by_email(addresses: Sequence[str]) -> dict[str, User]:
    rows = User.objects.annotate(lowered=Lower("email"))
    return {user.lowered: user for batch in _batches(addresses) for user in rows.filter(lowered__in=batch)}


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
