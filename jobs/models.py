"""What is still to be done. A job that has been done leaves no row."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

TASK_MAX = 200
KEY_MAX = 200


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    PARKED = "parked", "Parked"  # failed as often as it may: it waits for a person


class JobQuerySet(models.QuerySet["Job"]):
    def live(self) -> JobQuerySet:
        """Those that a worker has or will take; the rest waits for a person."""
        return self.exclude(state=State.PARKED)

    def due(self, now: datetime) -> JobQuerySet:
        """Those that may be taken: whose time has come, or whose worker let its lease run out."""
        return self.live().filter(due_at__lte=now)


class Job(models.Model):
    """One call of a function, to be made at least once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The function as a dotted path. A worker calls only what `jobs.tasks.job` has declared.
    task = models.CharField(max_length=TASK_MAX)
    queue = models.CharField(max_length=32)
    # {"args": […], "kwargs": {…}}
    arguments = models.JSONField()
    # Of the jobs that wait there is one of a key; it is replaced by the next that is asked for.
    key = models.CharField(max_length=KEY_MAX, null=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    # When it may be taken (again): of a running one, when its worker's lease ends.
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    attempts_max = models.PositiveSmallIntegerField()
    # Names the claim: who holds an older one can neither finish nor prolong.
    lease = models.UUIDField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    # How the last attempt ended.
    error = models.TextField(blank=True)
    enqueued_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Job]] = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state=State.WAITING), name="job_key_waiting"),
        ]
        # What is due, queue by queue, the longest waiting first.
        indexes = [models.Index(fields=["queue", "due_at"], condition=~Q(state=State.PARKED), name="job_due")]

    def __str__(self) -> str:
        return self.task
