"""What a person does with jobs: have one tried again now, or give it up."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from jobs import queue, waking
from jobs.models import Job, State
from realtime.errors import Conflict, NotFound


def retry(job_id: UUID) -> Job:
    """Have a job that waits or is parked tried now, with all its attempts before it."""
    with transaction.atomic():
        job = _idle(job_id)
        job.state, job.attempts, job.due_at = State.WAITING, 0, queue.now()
        try:
            with transaction.atomic():
                job.save(update_fields=["state", "attempts", "due_at"])
        except IntegrityError:
            raise Conflict("A newer job takes this one's place. Discard this one.") from None
        transaction.on_commit(waking.wake)
    return job


def discard(job_id: UUID) -> None:
    """Give a job up: it will not be done."""
    with transaction.atomic():
        _idle(job_id).delete()


def _idle(job_id: UUID) -> Job:
    """Lock a job that nobody is at. Raises `NotFound` (it has been done), `Conflict` (it runs)."""
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("This job has been done.")
    if job.state == State.RUNNING:
        raise Conflict("This job is running now. Look again when it has ended.")
    return job
