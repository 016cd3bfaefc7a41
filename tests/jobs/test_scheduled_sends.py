"""A scheduled message is sent once, wherever in its sending the worker is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Job
from messaging import partitions, scheduled
from messaging.models import Message, ScheduledMessage, SendRecord
from tests.database_faults import wait_until
from tests.factories import make_room, make_user
from tests.fixtures_server import Installation
from tests.jobs.conftest import WorkProcess

KILL = "os.kill(os.getpid(), signal.SIGKILL)"
# Where the first worker dies.
BEFORE_THE_COMMIT = f"import os, signal; from messaging import scheduled; scheduled._tell = lambda row: {KILL}"
AFTER_THE_COMMIT = f"import os, signal; from jobs import queue; queue.finish = lambda job: {KILL}"


def count(scheduled_id: str) -> tuple[int, int]:
    """Messages and send records there are of it."""
    of_it = {"client_id": scheduled_id}
    return Message.objects.filter(**of_it).count(), SendRecord.objects.filter(**of_it).count()


@pytest.mark.parametrize(("patch", "sent_by_the_first"), [(BEFORE_THE_COMMIT, 0), (AFTER_THE_COMMIT, 1)])
def test_it_is_sent_once_by_two_workers_of_which_one_is_killed(
    workplace: Installation, work: Callable[..., WorkProcess], patch: str, sent_by_the_first: int
) -> None:
    shell = workplace.shell.now

    def plan() -> str:
        partitions.ensure_coming()  # as a server does, of which there is none here
        alice = make_user()
        room = make_room(alice)
        soon = timezone.now() + timedelta(milliseconds=500)
        return scheduled.create(alice, scheduled.Plan(room_id=room.pk, content="Once", send_at=soon)).id

    made = shell(plan)
    first = work(patch=patch)
    wait_until(lambda: not first.is_running)
    assert shell(count, made) == (sent_by_the_first, sent_by_the_first)
    work()
    wait_until(lambda: not shell(Job.objects.filter(key=f"scheduled:{made}").exists))
    assert shell(count, made) == (1, 1)
    row = shell(ScheduledMessage.objects.get, pk=made)
    message = shell(Message.objects.get, client_id=made)
    assert (row.state, row.message_id) == ("sent", message.pk)
