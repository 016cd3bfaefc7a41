"""Worker processes of their own, on a database that no other test's server works on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from jobs.models import Job
from tests.fixtures_server import Installation
from tests.servers import INSTALLATION_VARIABLES, PROJECT, ChildServer


class WorkProcess(ChildServer):
    """`manage.py work` on an installation."""

    def __init__(self, directory: Path, env: Mapping[str, str], log: Path) -> None:
        super().__init__(directory)
        self._env = dict(env)
        self.log = log

    def command(self) -> Sequence[str]:
        return [sys.executable, "manage.py", "work"]

    def popen_options(self) -> dict[str, Any]:
        inherited = {name: value for name, value in os.environ.items() if name not in INSTALLATION_VARIABLES}
        return {"env": inherited | self._env, "cwd": PROJECT}

    def is_ready(self) -> bool:
        # One that a poisonous job killed at once was ready, too.
        return self.log.exists() and "Working" in self.log.read_text()


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("workplace"), django_db_blocker)
    yield made
    made.close()


@pytest.fixture
def work(workplace: Installation) -> Iterator[Callable[..., WorkProcess]]:
    """Start a worker process whose leases last a second; `patch` as of `Installation.start`."""
    workplace.shell.now(Job.objects.all().delete)
    started: list[WorkProcess] = []

    def start(*, patch: str = "", lease_s: float = 1.0) -> WorkProcess:
        log = workplace.directory / f"work-{len(list(workplace.directory.glob('work-*')))}.log"
        env = workplace.environment(patch, {"JOBS_LEASE_S": str(lease_s)})
        started.append(WorkProcess(workplace.directory, env, log))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def trace(tmp_path: Path) -> Callable[[], list[str]]:
    """The lines that errands left so far in `trace.path`."""

    def lines() -> list[str]:
        path = tmp_path / "trace"
        return path.read_text().split() if path.exists() else []

    return lines
