"""Messages whose HTML an older renderer made are rendered anew, in the background.

Nothing else of a message changes and the log gets no entry: readers have the new HTML with their
next page, and cached pages with old HTML are not kept (`messaging.pages`). A walk goes from the
newest message to the oldest, since the newest are read most; so when the oldest one is done, all
are. It keeps no notes: one that was killed is found unfinished by the next run.

Messages without HTML stay so: tombstones, notices, and what only its readers can decrypt.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import timedelta
from html import unescape

from django.db import transaction
from django.db.models import QuerySet

from jobs.tasks import job
from messaging.models import Message
from messaging.rendering import RENDERER_VERSION, render

logger = logging.getLogger(__name__)

# Looking costs one row; a new version is noticed this late at most.
EVERY = timedelta(minutes=10)
# A run stops by itself before its job counts as hanging; the next one goes on.
LIMIT_S = 1_800.0
RUN_S = 1_200.0
# Messages of one short transaction, and the rest that other writers get after it.
BATCH = 100
PAUSE_S = 0.02

_MENTION = re.compile(r'<span class="mention" data-user="([^"]*)">@([^<]*)</span>')


@job(every=EVERY, limit_s=LIMIT_S)
def renew_html() -> None:
    """The schedule of `renew`."""
    if renewed := renew():
        logger.info("rendered %d messages anew", renewed)


def renew(*, batch: int = BATCH, pause_s: float = PAUSE_S, run_s: float = RUN_S) -> int:
    """Render anew what an older renderer made, for `run_s` seconds at most; return how many messages.

    Safe beside everything that happens meanwhile, and beside another walk.
    """
    if not is_due():
        return 0
    deadline = time.monotonic() + run_s
    renewed = 0
    outdated = _rendered().exclude(html_version=RENDERER_VERSION).order_by("-id")
    rows = list(outdated[:batch])
    while rows:
        renewed += _write(rows)
        if time.monotonic() > deadline:
            break
        time.sleep(pause_s)
        rows = list(outdated.filter(id__lt=rows[-1].pk)[:batch])
    return renewed


def is_due() -> bool:
    """Whether a walk has to begin or to go on; one row tells."""
    oldest = _rendered().order_by("id").values_list("html_version", flat=True).first()
    return oldest is not None and oldest != RENDERER_VERSION


def _rendered() -> QuerySet[Message]:
    return Message.objects.exclude(html="").only("id", "content", "html", "html_version")


def _write(rows: list[Message]) -> int:
    """Store the new HTML of the rows; of those that were edited or deleted since they were read, nothing."""
    made = [(row, render(row.content, mentioned_in(row.html))) for row in rows]
    with transaction.atomic():
        return sum(
            Message.objects.filter(pk=row.pk, html_version=row.html_version, content=row.content, html=row.html).update(
                html=html, html_version=RENDERER_VERSION
            )
            for row, html in made
        )


def mentioned_in(html: str) -> dict[str, str]:
    """Whom the names in a message's HTML mean: as they were understood when it was written.

    Asking anew would lose those who have another name by now, and call those who took an old one.
    """
    return {unescape(name).lower(): user for user, name in _MENTION.findall(html)}
