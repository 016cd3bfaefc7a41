"""Declaring jobs and asking for them: Django 6's interface of tasks, with what ours add.

    @job(attempts=4)
    def send_digest(user_id: str) -> None: ...

    send_digest.enqueue(str(user.pk))
    send_digest.using(run_after=tomorrow, key=f"digest:{user.pk}").enqueue(str(user.pk))

`enqueue` writes a row on the caller's connection: a transaction that is rolled back takes its jobs
along, and what was committed is done even if every process dies right after. A job is done at least
once: it has to bear being called again. Arguments are what JSON can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ParamSpec, Self, TypeVar, cast

from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus, task

from jobs import waking
from jobs.models import Job

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 5
BACKOFF_S = 5.0  # before the second attempt; doubles with each
LIMIT_S = 300.0


class Later(Exception):
    """Raised by a job that cannot be done yet: it is tried again then, and no attempt is counted."""

    def __init__(self, at: datetime, reason: str) -> None:
        super().__init__(reason)
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask(Task[P, T]):
    """A declared job. `using` gives one with another time or key; `enqueue` asks for it."""

    # How often it is tried before it is parked, a person's concern.
    attempts: int = ATTEMPTS
    backoff_s: float = BACKOFF_S
    # Seconds after which it is believed to hang: its lease is no longer prolonged.
    limit_s: float = LIMIT_S
    # A schedule: at each multiple of `every` since 1970, moved by `offset`.
    every: timedelta | None = None
    offset: timedelta = timedelta()
    # Of the waiting jobs of a key there is one: asking again replaces its arguments and its time.
    key: str | None = None

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | None = None,
        backend: str | None = None,
        key: str | None = None,
    ) -> Self:
        changed = Task.using(self, priority=priority, queue_name=queue_name, run_after=run_after, backend=backend)
        return changed if key is None else replace(changed, key=key)

    def next_time(self, after: datetime) -> datetime:
        """The first time of the schedule after that moment."""
        assert self.every is not None, "the job has no schedule"
        since = after.timestamp() - self.offset.total_seconds()
        period = self.every.total_seconds()
        return datetime.fromtimestamp((since // period + 1) * period + self.offset.total_seconds(), after.tzinfo)


# Jobs with a schedule, as their modules are imported.
scheduled: list[JobTask[[], object]] = []


def job(
    *,
    queue: str = "default",
    attempts: int = ATTEMPTS,
    backoff_s: float = BACKOFF_S,
    limit_s: float = LIMIT_S,
    every: timedelta | None = None,
    offset: timedelta = timedelta(),
) -> Callable[[Callable[P, T]], JobTask[P, T]]:
    """Declare a function of a module as a job. Queues are `default` and `network` (waits for others)."""

    def declare(function: Callable[P, T]) -> JobTask[P, T]:
        made = cast(
            JobTask[P, T],
            task(
                queue_name=queue, attempts=attempts, backoff_s=backoff_s, limit_s=limit_s, every=every, offset=offset
            )(function),
        )  # fmt: skip
        if every is not None:
            scheduled.append(cast(JobTask[[], object], made))
        return made

    return declare


def declared(path: str) -> JobTask[..., object]:
    """The job of that path. LookupError: nothing of that name is declared (any more)."""
    try:
        found = import_string(path)
    except ImportError as error:
        raise LookupError(f"There is no job {path}: {error}") from error
    if not isinstance(found, JobTask):
        raise LookupError(f"{path} is not declared as a job.")
    return found


class JobBackend(BaseTaskBackend):
    """Keeps what is asked for as rows of `Job`."""

    task_class = JobTask
    supports_defer = True

    def enqueue(self, task: Task[..., T], args: Any, kwargs: Any) -> TaskResult[T]:
        """Write the job in the transaction of the caller; TypeError for arguments that JSON cannot hold."""
        assert isinstance(task, JobTask), "its task_class made it"
        self.validate_task(task)
        now = timezone.now()
        row = Job(
            task=task.module_path,
            queue=task.queue_name,
            key=task.key,
            due_at=task.run_after or now,
            attempts_max=task.attempts,
            enqueued_at=now,
        )
        result: TaskResult[T] = TaskResult(
            task=task, id=str(row.pk), status=TaskResultStatus.READY, enqueued_at=now, started_at=None,
            finished_at=None, last_attempted_at=None, args=list(args), kwargs=dict(kwargs), backend=self.alias,
            errors=[], worker_ids=[],
        )  # fmt: skip
        row.arguments = {"args": result.args, "kwargs": result.kwargs}  # as JSON gives them back
        _put(row)
        if connection.in_atomic_block:
            transaction.on_commit(waking.wake)
        else:
            waking.wake()
        return result


# What a job that replaces a waiting one of its key changes of it.
_REPLACED = ("task", "queue", "arguments", "due_at", "attempts", "attempts_max", "error", "enqueued_at")


def _put(row: Job) -> None:
    """Insert the row, or put it in the place of the one of its key that waits.

    In its place, not "nothing, since one waits": that one may be taken before this transaction is
    committed, and would not see what it changed. Locked by the update, it waits for the COMMIT.
    """
    fields = Job._meta.concrete_fields
    columns = [str(field.column) for field in fields]
    values = [field.get_db_prep_save(getattr(row, str(field.attname)), connection) for field in fields]
    replaced = ", ".join(f"{name} = excluded.{name}" for name in _REPLACED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Job._meta.db_table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
            f" ON CONFLICT (key) WHERE state = 'waiting' DO UPDATE SET {replaced}",
            values,
        )
