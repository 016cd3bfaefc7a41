"""Previews in the background: which messages get any, what is kept of an address, and taking one away.

A message's previews are a part of it (`Message.previews`) and change under its room's lock, with an
event of their own: `message.previewed` shows the message as it is now. What was found at an address
is kept (`LinkPreview`), so that a link that is passed around is fetched once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit
from uuid import UUID

from django.conf import settings
from django.http.request import validate_host
from django.utils import timezone

from accounts.models import User
from jobs.tasks import job
from messaging.changing import MessageChange, changing_message
from messaging.events import IMPORTED
from messaging.models import LinkPreview, Message
from messaging.previews.addresses import Refused
from messaging.previews.fetching import Fetcher
from messaging.previews.links import has_links, links_in
from messaging.previews.reading import read
from messaging.wire import MessageOut
from realtime.errors import Forbidden, NotFound
from rooms.permissions import Action
from rooms.services import Staff
from rooms.settings import settings_of

# How long what was found at an address is used again, and how long that nothing was.
FRESH = timedelta(days=7)
FRESH_PROBLEM = timedelta(hours=1)
KEPT = timedelta(days=30)
# In a message's metadata: the addresses whose previews somebody took away; they do not come back.
DISMISSED = "previews_dismissed"
# So many of them, the last ones: they travel with the message, which edits can give ever other links.
DISMISSED_MAX = 20

fetcher = Fetcher()


def ask(messages: Iterable[tuple[UUID, str]]) -> None:
    """Have previews made for those of these messages (id, html) that link somewhere.

    In the transaction that stores them: one row more, and none where there are no links.
    """
    if not settings.LINK_PREVIEWS:
        return
    wanted = [str(message_id) for message_id, html in messages if has_links(html)]
    if len(wanted) == 1:
        preview.using(key=_key(wanted[0])).enqueue(wanted[0])
    elif wanted:
        preview_each.enqueue(wanted)


@job()
def preview_each(message_ids: list[str]) -> None:
    """Ask for the previews of the messages of a batch, so that each is a job by itself."""
    for message_id in message_ids:
        preview.using(key=_key(message_id)).enqueue(message_id)


@job(queue="network")
def preview(message_id: str) -> None:
    """Find out what a message's links are about, and put it on the message as it is then."""
    message = Message.objects.select_related("room").filter(pk=message_id).first()
    if message is None or not _may_have(message):
        return
    for url in links_in(message.html):
        _look_at(url)
    try:
        with changing_message(Staff(), message.pk) as change:
            if _may_have(change.message):
                put(change)
    except NotFound:  # the room or the message is gone by now
        return


def _key(message_id: str) -> str:
    return f"preview:{message_id}"


def _may_have(message: Message) -> bool:
    return (
        settings.LINK_PREVIEWS
        and message.deleted_at is None
        and message.room.archived_at is None
        and IMPORTED not in message.metadata
        and settings_of(message.room.settings).previews
    )


def put(change: MessageChange) -> None:
    """Put what is known of its links on a message; if that is what stands there, nothing happens."""
    message = change.message
    links = links_in(message.html)
    known = {bytes(each.digest): each for each in LinkPreview.objects.filter(digest__in=map(digest_of, links))}
    dismissed = message.metadata.get(DISMISSED, [])
    previews = [
        {"url": url, "title": found.title, "description": found.description, "site": found.site}
        for url in links
        if url not in dismissed and (found := known.get(digest_of(url))) and found.title
    ]
    if previews != message.previews:
        message.previews = previews
        message.save(update_fields=["previews"])
        change.tell_whole("message.previewed")


def kept_after_edit(previews: list[dict[str, Any]], html: str) -> list[dict[str, Any]]:
    """Those of a message's previews whose links are still in it."""
    links = links_in(html) if previews else []
    return [each for each in previews if each["url"] in links]


def dismiss(user: User, message_id: UUID, *, url: str | None = None, index: int | None = None) -> MessageOut:
    """Take a preview off a message, by its address or its place; it does not come back with an edit.

    One's own message, or another's that one may delete. What is not there is taken off already.
    NotFound: no such message, or no preview at that place. Forbidden. ReadOnly: the room is archived.
    """
    with changing_message(user, message_id) as change:
        change.require_open()
        if not change.is_own and not change.may(Action.DELETE_OTHERS):
            raise Forbidden("You can take previews off your own messages only.")
        message = change.message
        if index is not None:
            if not 0 <= index < len(message.previews):
                raise NotFound("There is no such preview.")
            url = message.previews[index]["url"]
        left = [each for each in message.previews if each["url"] != url]
        if len(left) == len(message.previews):
            return change.written()
        message.previews = left
        dismissed = [*message.metadata.get(DISMISSED, []), url]
        message.metadata = {**message.metadata, DISMISSED: dismissed[-DISMISSED_MAX:]}
        message.save(update_fields=["previews", "metadata"])
        return change.tell_whole("message.previewed")


# --- What is kept of addresses --------------------------------------------------------------------


def digest_of(url: str) -> bytes:
    """What an address is kept under; what is behind “#” does not reach a server."""
    return hashlib.sha256(urldefrag(url).url.encode("utf-8", "surrogatepass")).digest()


def _look_at(url: str) -> None:
    """See to it that what is known of the address is fresh. No transaction is open meanwhile."""
    kept = LinkPreview.objects.filter(digest=digest_of(url)).first()
    if kept is not None and timezone.now() - kept.fetched_at < (FRESH_PROBLEM if kept.problem else FRESH):
        return
    if _is_ours(url):
        return
    title = description = site = problem = ""
    try:
        words = read(fetcher.fetch(url))
        if words is None:
            problem = "The page has no title."
        else:
            title, description, site = words.title, words.description, words.site
    except Refused as refusal:
        problem = str(refusal)[:200]
    LinkPreview.objects.update_or_create(
        digest=digest_of(url),
        defaults={
            "url": urldefrag(url).url, "title": title, "description": description, "site": site, "problem": problem,
            "fetched_at": timezone.now(),
        },
    )  # fmt: skip


def _is_ours(url: str) -> bool:
    """A link into this very chat: what a stranger sees there is a form to sign in."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    # “*” names no host: it says that the proxy in front knows them.
    return validate_host(host, [each for each in settings.ALLOWED_HOSTS if each != "*"])


@job(every=timedelta(days=1), offset=timedelta(hours=3))
def forget_old() -> None:
    """Forget what was found long ago; messages keep what stands on them."""
    LinkPreview.objects.filter(fetched_at__lt=timezone.now() - KEPT).delete()
