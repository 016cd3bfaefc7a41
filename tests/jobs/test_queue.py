"""A job's row: written with its transaction, taken by one, tried again after a while, parked, replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from jobs import queue, services, serving, waking
from jobs.models import Job, State
from jobs.tasks import scheduled
from jobs.worker import Worker, run_due
from realtime.errors import Conflict, NotFound
from tests.concurrency import at_once
from tests.database_faults import wait_until
from tests.factories import Cast
from tests.jobs import errands

FREE = {"default": 9, "network": 9}
Trace = Callable[[], list[str]]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "trace")


def only() -> Job:
    return Job.objects.get()


def make_due() -> None:
    """Let the time of whatever waits, or the lease of whatever runs, be over."""
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))


# --- With the transaction -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_rolled_back_takes_its_jobs_along(path: str, trace: Trace) -> None:
    with transaction.atomic():
        errands.note.enqueue(path, "never")
        transaction.set_rollback(True)
    assert (run_due(), trace()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_a_job_is_there_with_the_commit_and_no_worker_is_woken_before(path: str) -> None:
    woken: list[int] = []

    def wake() -> None:
        woken.append(Job.objects.count())

    waking.on_wake(wake)
    try:
        with transaction.atomic():
            errands.note.enqueue(path, "a")
            (seen,) = at_once([Job.objects.count])
            assert (seen, woken) == (0, [])
        assert (only().state, woken) == (State.WAITING, [1])
        errands.note.enqueue(path, "b")  # in no transaction: at once
        assert woken == [1, 2]
    finally:
        waking.forget(wake)


@pytest.mark.django_db(transaction=True)
def test_a_worker_in_this_process_begins_at_once(path: str, trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.worker.POLL_S", 3600.0)  # only waking can make it look
    worker = Worker()
    worker.start()
    try:
        errands.note.enqueue(path, "done")
        wait_until(lambda: trace() == ["done"])
    finally:
        worker.stop()


@pytest.mark.django_db
def test_what_json_cannot_hold_is_refused_at_once(path: str) -> None:
    with pytest.raises(TypeError):
        errands.note.enqueue(path, timezone.now())  # type: ignore[arg-type]
    assert not Job.objects.exists()


# --- Keys -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_of_the_waiting_jobs_of_a_key_there_is_the_last(path: str, trace: Trace) -> None:
    for word in ("a", "b", "c"):
        errands.note.using(key="one").enqueue(path, word)
    errands.note.using(key="other").enqueue(path, "d")
    assert (run_due(), sorted(trace())) == (2, ["c", "d"])


@pytest.mark.django_db
def test_a_job_asked_for_while_that_of_its_key_runs_comes_after_it(path: str) -> None:
    errands.note.using(key="one").enqueue(path, "old")
    (running,) = queue.claim(FREE, "w")
    errands.note.using(key="one").enqueue(path, "new")
    assert Job.objects.count() == 2
    queue.fail(running, RuntimeError("the old one"))  # it gives way instead of coming back
    assert only().arguments["args"][1] == "new"


@pytest.mark.django_db(transaction=True)
def test_a_key_asked_for_many_times_at_once_waits_once(path: str) -> None:
    results = at_once([lambda: errands.note.using(key="one").enqueue(path, "a") for _ in range(8)])
    assert not [each for each in results if isinstance(each, Exception)]
    assert Job.objects.count() == 1


# --- Claims ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_at_once_take_different_jobs(path: str) -> None:
    for number in range(40):
        errands.note.enqueue(path, str(number))
    taken = at_once([lambda name=name: queue.claim({"default": 7}, name) for name in "abcdef"])  # type: ignore[misc]
    ids = [job.pk for jobs in taken for job in jobs]
    assert len(ids) == len(set(ids)) <= 40
    while more := queue.claim({"default": 7}, "g"):
        ids += [job.pk for job in more]
    assert len(ids) == len(set(ids)) == 40


@pytest.mark.django_db
def test_a_job_is_not_taken_before_its_time_nor_from_another_queue(path: str) -> None:
    errands.note.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(path, "later")
    errands.wait_for_others.enqueue(path)
    assert queue.claim({"default": 9}, "w") == []
    assert len(queue.claim({"network": 9}, "w")) == 1


@pytest.mark.django_db
def test_who_has_lost_a_lease_can_do_nothing_more(path: str) -> None:
    errands.note.enqueue(path, "a")
    (late,) = queue.claim(FREE, "late")
    assert queue.claim(FREE, "other") == []
    make_due()
    (held,) = queue.claim(FREE, "other")
    queue.finish(late)
    queue.fail(late, RuntimeError("late"))
    before = only().due_at
    assert late.lease is not None
    queue.prolong([late.lease])
    now = only()
    assert (now.lease, now.worker, now.attempts, now.due_at) == (held.lease, "other", 2, before)
    queue.finish(held)
    assert not Job.objects.exists()


# --- Failing --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_job_that_fails_is_tried_after_longer_and_longer_and_then_parked(path: str, trace: Trace) -> None:
    errands.fail.enqueue(path)
    for attempt, longest in ((1, 8), (2, 16)):
        began = timezone.now()
        assert run_due() == 1
        job = only()
        assert (job.state, job.attempts) == (State.WAITING, attempt)
        assert "ValueError: It cannot be" in job.error
        waits = (job.due_at - began).total_seconds()
        assert longest / 2 <= waits <= longest + (timezone.now() - began).total_seconds()
        assert run_due() == 0
        make_due()
    assert run_due() == 1
    assert (only().state, only().attempts) == (State.PARKED, 3)
    make_due()
    assert (run_due(), len(trace())) == (0, 3)


@pytest.mark.django_db
def test_back_off_differs_and_has_a_longest(path: str) -> None:
    waits = [queue._backoff(Job(task=errands.fail.module_path, attempts=60)).total_seconds() for _ in range(50)]
    assert min(waits) >= queue.BACKOFF_MAX_S / 2
    assert max(waits) <= queue.BACKOFF_MAX_S
    assert len(set(waits)) > 1


@pytest.mark.django_db
def test_a_job_that_asks_for_later_loses_no_attempt(path: str, trace: Trace, settings: Settings) -> None:
    settings.LATER = timezone.now() + timedelta(hours=1)
    errands.come_later.enqueue(path)
    for _ in range(3):
        make_due()
        assert run_due() == 1
        job = only()
        assert (job.state, job.attempts, job.due_at) == (State.WAITING, 0, settings.LATER)
        assert job.error == "It is not yet time."
    Path(path + ".go").touch()
    make_due()
    assert (run_due(), trace()) == (1, ["asked"] * 4)
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("task", ["tests.jobs.errands.gone", "no.such.module", "tests.jobs.errands.leave", "os.system"])
def test_only_what_is_declared_as_a_job_is_called(task: str, path: str, trace: Trace) -> None:
    errands.note.enqueue(path, "a")
    Job.objects.update(task=task, attempts_max=1)
    assert run_due() == 1
    assert (only().state, trace()) == (State.PARKED, [])
    assert "LookupError" in only().error


@pytest.mark.django_db
def test_jobs_that_run_touch_no_lock_while_they_run(path: str) -> None:
    """The row says who runs it; the transaction that says so has ended."""
    errands.note.enqueue(path, "a")
    depth = len(connection.savepoint_ids)
    queue.claim(FREE, "w")
    assert len(connection.savepoint_ids) == depth


# --- Schedules ------------------------------------------------------------------------------------


def test_times_of_a_schedule_go_by_the_clock() -> None:
    nightly = replace(errands.tick, every=timedelta(days=1), offset=timedelta(hours=3))
    evening = datetime(2026, 5, 4, 21, 30, tzinfo=UTC)
    assert nightly.next_time(evening) == datetime(2026, 5, 5, 3, 0, tzinfo=UTC)
    assert nightly.next_time(datetime(2026, 5, 5, 3, 0, tzinfo=UTC)) == datetime(2026, 5, 6, 3, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_a_schedule_has_one_next_time_and_gets_another_when_its_job_is_parked(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("jobs.queue.scheduled", [errands.tick])
    queue.plan_all()
    queue.plan_all()
    first = only()
    assert first.due_at > timezone.now() - timedelta(seconds=1)
    make_due()
    assert run_due() == 1
    assert only().pk != first.pk
    assert len((tmp_path / "ticks").read_text().split()) == 1
    make_due()
    (running,) = queue.claim(FREE, "w")
    queue.plan_all()  # one that runs is one that there is
    assert only().pk == running.pk
    Job.objects.update(state=State.PARKED, lease=None)
    queue.plan_all()
    assert sorted(Job.objects.values_list("state", flat=True)) == [State.PARKED, State.WAITING]
    assert errands.tick not in scheduled


# --- A person's part ------------------------------------------------------------------------------


def parked(path: str) -> Job:
    errands.note.using(key="one").enqueue(path, "a")
    Job.objects.update(state=State.PARKED, attempts=5)
    return only()


@pytest.mark.django_db
def test_a_parked_job_is_tried_again_or_given_up(path: str, trace: Trace) -> None:
    services.retry(parked(path).pk)
    assert (run_due(), trace()) == (1, ["a"])
    job = parked(path)
    services.discard(job.pk)
    assert not Job.objects.exists()
    with pytest.raises(NotFound):
        services.retry(job.pk)


@pytest.mark.django_db
def test_a_job_that_runs_is_left_alone_and_one_with_a_newer_does_not_come_back(path: str) -> None:
    job = parked(path)
    errands.note.using(key="one").enqueue(path, "newer")
    with pytest.raises(Conflict):
        services.retry(job.pk)
    (running,) = queue.claim(FREE, "w")
    for change in (services.retry, services.discard):
        with pytest.raises(Conflict):
            change(running.pk)


@pytest.mark.django_db
def test_the_admin_shows_jobs_and_has_them_tried_again_or_given_up(
    cast: Cast, client: Client, path: str, trace: Trace
) -> None:
    client.force_login(cast.staff)
    errands.fail.enqueue(path)
    run_due()
    Job.objects.update(state=State.PARKED)
    page = client.get("/admin/jobs/job/?state=parked").content.decode()
    assert "tests.jobs.errands.fail" in page
    assert "1 of 3" in page
    assert "ValueError: It cannot be" in page
    assert "ValueError" in client.get(f"/admin/jobs/job/{only().pk}/change/").content.decode()
    choice = {"_selected_action": str(only().pk)}
    client.post("/admin/jobs/job/", choice | {"action": "retry"})
    assert (run_due(), len(trace())) == (1, 2)
    client.post("/admin/jobs/job/", choice | {"action": "discard"})
    assert not Job.objects.exists()


def test_a_server_told_not_to_work_has_no_worker(settings: Settings) -> None:
    settings.JOBS = settings.JOBS | {"IN_SERVER": False}
    serving.start()
    assert serving._worker is None
    serving.stop()
