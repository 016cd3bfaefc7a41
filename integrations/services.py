"""The verbs of API tokens: make one, end one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from integrations.models import ApiToken
from integrations.scopes import check_scopes
from integrations.tokens import digest_of, hint_of, new_token_text
from realtime import bus
from realtime.errors import Conflict, Forbidden, Invalid

TOKENS_MAX = 100  # of one person that work; who makes more has lost sight of them
DAYS_MAX = 3650  # ten years; what shall last longer is made without an end


def create_token(
    user: User,
    *,
    name: str = "",
    scopes: Iterable[str] = (),
    days: int | None = None,
    actor: User | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for `user`; return its row and the token itself, which nobody can read again.

    `scopes` empty: all that the user may do. `days` None: until it is revoked. Invalid: an unknown
    scope, or days out of 1–3650; Forbidden: a token for somebody else, who could be played by it;
    Conflict: the user has enough.
    """
    if actor is not None and actor.pk != user.pk and not actor.is_superuser:
        raise Forbidden("Only a superuser may make a token for somebody else.")
    if user.is_visitor:
        raise Forbidden("Guests have no tokens: they are in one room, with a browser.")
    if days is not None and not 1 <= days <= DAYS_MAX:
        message = f"A token lasts 1 to {DAYS_MAX} days, or until it is revoked."
        raise Invalid(message, fields={"days": [message]})
    token = new_token_text()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two at once are both counted
        if ApiToken.objects.live().filter(user=user).count() >= TOKENS_MAX:
            raise Conflict(f"{user.name} has {TOKENS_MAX} tokens already; revoke one first.")
        row = ApiToken.objects.create(
            user=user,
            name=name[:100],
            hint=hint_of(token),
            digest=digest_of(token),
            scopes=check_scopes(scopes),
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
        )
        details = {"user": user.username, "name": row.name, "scopes": row.scopes, "expires_at": row.expires_at}
        record("token.created", actor=actor, target=row, severity="notice", details=details)
    return row, token


def revoke_token(token: ApiToken, *, actor: User | None = None) -> ApiToken:
    """End a token for good. Sockets that it opened close at once; revoking again changes nothing."""
    if actor is not None and actor.pk != token.user_id and not actor.is_superuser:
        raise Forbidden("Only a superuser may revoke the token of somebody else.")
    with transaction.atomic():
        held = ApiToken.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=token.pk)
        if held.revoked_at is not None:
            return held
        held.revoked_at = timezone.now()
        held.save(update_fields=["revoked_at"])
        details = {"user": held.user.username, "name": held.name}
        record("token.revoked", actor=actor, target=held, severity="notice", details=details)
        User.objects.filter(pk=held.user_id).touch_rev()
        bus.recheck([held.user_id])
    return held
