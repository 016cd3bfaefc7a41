"""What becomes of a job's row: taken, prolonged, done, tried again, parked.

Every claim has a `lease` of its own. Whoever changes a row names it, so a worker that was held up
until its job was given to another can no longer touch it. Transactions are short and hold no lock
while a job runs.
"""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jobs.models import Job, State
from jobs.tasks import BACKOFF_S, Later, declared, scheduled

logger = logging.getLogger(__name__)

BACKOFF_MAX_S = 3_600.0
# Of a traceback its end says most.
ERROR_MAX = 4_000


def lease_length() -> timedelta:
    """How long a worker that says nothing more keeps its jobs."""
    return timedelta(seconds=settings.JOBS["LEASE_S"])


def now() -> datetime:
    """The database's clock: workers on several machines go by one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            return moment
    return timezone.now()


def claim(free: Mapping[str, int], worker: str) -> list[Job]:
    """Take jobs that are due, up to so many of each queue, for a lease's length."""
    moment = now()
    wanted = [queue for queue, count in free.items() if count > 0]
    if not Job.objects.due(moment).filter(queue__in=wanted).exists():
        return []  # the usual answer, without a lock
    taken = []
    with transaction.atomic():
        for queue in wanted:
            due = Job.objects.due(moment).filter(queue=queue).order_by("due_at")
            # PostgreSQL: what another worker is taking is skipped. SQLite: this is the only writer.
            for job in due.select_for_update(skip_locked=True)[: free[queue]]:
                if job.state == State.RUNNING:
                    job.error = f"{job.worker} ended in the middle of it."
                if job.attempts >= job.attempts_max:
                    _park(job)
                    continue
                job.state = State.RUNNING
                job.attempts += 1
                job.lease, job.worker = uuid4(), worker
                job.due_at = moment + lease_length()
                job.save(update_fields=["state", "attempts", "lease", "worker", "due_at", "error"])
                taken.append(job)
    return taken


def prolong(leases: Collection[UUID]) -> None:
    """Keep these claims for another lease's length; those that have been lost stay lost."""
    Job.objects.filter(lease__in=leases, state=State.RUNNING).update(due_at=now() + lease_length())


def finish(job: Job) -> None:
    """The job has been done: its row goes, and of a schedule the next time takes its place."""
    with transaction.atomic():
        gone, _ = Job.objects.filter(pk=job.pk, lease=job.lease, state=State.RUNNING).delete()
        if gone and job.key is not None and job.key.startswith(SCHEDULE_KEY):
            plan(job.key.removeprefix(SCHEDULE_KEY))


def fail(job: Job, error: Exception) -> None:
    """The job raised: try it again after a while, or park it."""
    job.error = "".join(traceback.format_exception(error)).replace("\0", "\ufffd")[-ERROR_MAX:]
    with transaction.atomic():
        if not _held(job):
            return
        if isinstance(error, Later):
            job.attempts -= 1
            job.error = str(error)
            _wait(job, error.at)
        elif job.attempts >= job.attempts_max:
            _park(job)
        else:
            logger.warning("job %s failed, attempt %d of %d: %r", job, job.attempts, job.attempts_max, error)
            _wait(job, now() + _backoff(job))


def _held(job: Job) -> bool:
    """Lock the job's row; whether it is still this claim's."""
    return Job.objects.select_for_update().filter(pk=job.pk, lease=job.lease, state=State.RUNNING).exists()


def _wait(job: Job, until: datetime) -> None:
    job.state, job.lease, job.due_at = State.WAITING, None, until
    try:
        with transaction.atomic():
            job.save(update_fields=["state", "lease", "due_at", "attempts", "error"])
    except IntegrityError:  # another of its key was asked for meanwhile: that one is the newer
        Job.objects.filter(pk=job.pk).delete()


def _park(job: Job) -> None:
    logger.error("job %s is parked after %d attempts: %s", job, job.attempts, job.error)
    job.state, job.lease = State.PARKED, None
    job.save(update_fields=["state", "lease", "error"])


def _backoff(job: Job) -> timedelta:
    """Doubled with each attempt; jitter, so that what failed together does not come back together."""
    try:
        base = declared(job.task).backoff_s
    except LookupError:
        base = BACKOFF_S
    longest = min(base * 2.0 ** (job.attempts - 1), BACKOFF_MAX_S)
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)


# --- Schedules -----------------------------------------------------------------------------------

# What follows it in a key is the job's path; there is one live row of each schedule.
SCHEDULE_KEY = "schedule:"


def plan(path: str) -> None:
    """Ask for the next time of that schedule; nothing if its job has none (any more)."""
    task = next((task for task in scheduled if task.module_path == path), None)
    if task is not None:
        task.using(run_after=task.next_time(now()), key=SCHEDULE_KEY + path).enqueue()


def plan_all() -> None:
    """See to it that every schedule has its next time: new ones, and those whose last run was parked."""
    keys = {SCHEDULE_KEY + task.module_path for task in scheduled}
    live = set(Job.objects.live().filter(key__in=keys).values_list("key", flat=True))
    for key in sorted(keys - live):
        plan(key.removeprefix(SCHEDULE_KEY))
