"""Worker processes that are killed, stopped, many at once: every job is done, and what cannot be, is parked."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from jobs.models import Job, State
from tests.database_faults import wait_until
from tests.fixtures_server import Installation
from tests.jobs import errands
from tests.jobs.conftest import WorkProcess

Work = Callable[..., WorkProcess]
Trace = Callable[[], list[str]]


def jobs(workplace: Installation) -> list[Job]:
    errands_of_tests = Job.objects.filter(task__startswith=errands.__name__)  # not the product's own schedules
    return workplace.shell.now(lambda: list(errands_of_tests.order_by("enqueued_at")))


def only(workplace: Installation) -> Job:
    (job,) = jobs(workplace)
    return job


def gone(workplace: Installation) -> Callable[[], bool]:
    return lambda: not jobs(workplace)


def test_the_job_of_a_killed_worker_is_run_again(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    first = work()
    workplace.shell.now(errands.wait.enqueue, str(tmp_path / "trace"))
    wait_until(lambda: trace() == ["begun"])
    first.kill()
    (tmp_path / "trace.go").touch()
    second = work()
    wait_until(lambda: trace() == ["begun", "begun", "done"])
    wait_until(gone(workplace))
    assert second.is_running


def test_what_many_workers_share_each_does_once(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    for _ in range(3):
        work(lease_s=30)
    words = [str(number) for number in range(120)]

    def enqueue() -> None:
        with transaction.atomic():
            for word in words:
                errands.note.enqueue(str(tmp_path / "trace"), word)

    workplace.shell.now(enqueue)
    wait_until(gone(workplace))
    assert sorted(trace(), key=int) == words


def test_a_job_that_kills_its_workers_is_parked(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    workplace.shell.now(errands.kill_worker.enqueue, str(tmp_path / "trace"))
    for attempt in (1, 2):
        victim = work()
        wait_until(lambda victim=victim: not victim.is_running)  # type: ignore[misc]
        assert trace() == ["begun"] * attempt
    work()
    wait_until(lambda: only(workplace).state == State.PARKED)
    job = only(workplace)
    assert (job.attempts, trace()) == (2, ["begun"] * 2)
    assert "ended in the middle" in job.error


def test_a_job_that_takes_long_stays_its_workers(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    for _ in range(2):
        work(lease_s=4)  # prolonged every second and a third: time enough for a busy machine
    workplace.shell.now(errands.wait.enqueue, str(tmp_path / "trace"))
    wait_until(lambda: trace() == ["begun"])
    first_lease_ends = only(workplace).due_at
    wait_until(lambda: timezone.now() > first_lease_ends)
    (tmp_path / "trace.go").touch()
    wait_until(gone(workplace))
    assert trace() == ["begun", "done"]


def test_a_job_that_hangs_loses_its_lease(workplace: Installation, work: Work, trace: Trace, tmp_path: Path) -> None:
    work(lease_s=0.5)
    workplace.shell.now(errands.hang.enqueue, str(tmp_path / "trace"))
    wait_until(lambda: only(workplace).state == State.PARKED)
    assert trace() == ["begun"]
    # Its end comes too late to be counted: it is a person's concern already.
    (tmp_path / "trace.go").touch()
    wait_until(lambda: trace() == ["begun", "done"])
    assert only(workplace).state == State.PARKED


def test_jobs_that_wait_for_others_do_not_hold_up_the_rest(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    work(lease_s=30)
    for _ in range(5):
        workplace.shell.now(errands.wait_for_others.enqueue, str(tmp_path / "waits"))
    workplace.shell.now(errands.note.enqueue, str(tmp_path / "trace"), "done")
    wait_until(lambda: trace() == ["done"])
    (tmp_path / "waits.go").touch()
    wait_until(gone(workplace))


def test_a_worker_that_is_stopped_ends_what_it_has_begun(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path
) -> None:
    worker = work(lease_s=30)
    workplace.shell.now(errands.wait.enqueue, str(tmp_path / "trace"))
    wait_until(lambda: trace() == ["begun"])
    worker._signal_all(signal.SIGTERM)
    (tmp_path / "trace.go").touch()
    wait_until(lambda: not worker.is_running)
    assert (trace(), jobs(workplace)) == (["begun", "done"], [])


def test_a_schedule_runs_once_each_time_however_many_workers_there_are(workplace: Installation, work: Work) -> None:
    ticks = workplace.directory / "ticks"
    ticks.unlink(missing_ok=True)
    for _ in range(2):
        work(patch=errands.WITH_TICKS, lease_s=30)
    wait_until(lambda: ticks.exists() and len(ticks.read_text().split()) >= 4)
    seconds = [int(each) for each in ticks.read_text().split()]
    assert sorted(set(seconds)) == seconds


@pytest.mark.parametrize("embedded", [True, False])
def test_a_serving_process_runs_jobs_unless_told_not_to(
    workplace: Installation, work: Work, trace: Trace, tmp_path: Path, embedded: bool
) -> None:
    server = workplace.start(env={"JOBS_IN_SERVER": "1" if embedded else "0"})
    workplace.shell.now(errands.note.enqueue, str(tmp_path / "trace"), "done")
    if not embedded:
        # Served or not, it is still there for the worker process that comes.
        work()
    wait_until(lambda: trace() == ["done"])
    wait_until(gone(workplace))
    server.stop()
