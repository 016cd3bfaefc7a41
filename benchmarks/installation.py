"""A fresh installation for one scenario: database, broker, server, people. Nothing of it stays."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.servers import PROJECT, ServerProcess, free_port, start_postgres, start_valkey

LOAD_GRACE_S = 150  # beyond the time asked for: connecting thousands, draining, starting Python


class LoadFailed(RuntimeError):
    """The load client ended without figures; says what it wrote."""


def run_load(load: str, server: ServerProcess, *, path: str = "/ws/", **parameters: Any) -> dict[str, Any]:
    """Run a load of `benchmarks.load` on a server that runs; return the load's figures.

    Raises LoadFailed, with what client and server wrote, when there are none.
    """
    parameters["url"] = f"ws://127.0.0.1:{server.port}{path}"
    parameters["server_pids"] = [process.pid for process in server.processes()]
    timeout_s = LOAD_GRACE_S + sum(parameters.get(name, 0) for name in ("warm_up_s", "seconds", "connect_s"))
    command = [sys.executable, "-m", "benchmarks.load", load, json.dumps(parameters)]
    try:
        ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"{load} took more than {timeout_s:.0f} s\n{server.log_tail()}") from None
    if ran.returncode != 0:
        raise LoadFailed(f"{load} ended with {ran.returncode}:\n{ran.stderr}\n{server.log_tail()}")
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


class Installation:
    """This product on PostgreSQL and Valkey, or embedded: SQLite and everything in one process.

    The server is started anew for each repetition (`restart`), on the same data.
    """

    def __init__(self, database: str) -> None:
        if database not in ("postgres", "sqlite"):
            raise ValueError(f"unknown database {database!r}")
        self._stack = ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-bench-")))
        env: dict[str, str] = {}
        try:
            if database == "postgres":
                postgres = self._stack.enter_context(start_postgres(self.directory / "database"))
                valkey = self._stack.enter_context(start_valkey(self.directory / "broker"))
                env = {"DATABASE_URL": postgres.create_database("chat"), "REDIS_URL": valkey.url}
            self.server = self._stack.enter_context(ServerProcess(env=env, directory=self.directory / "chat"))
            self.server.manage("migrate")
        except BaseException:
            self._stack.close()
            raise

    def people(self, *, users: int, rooms: int, members: int) -> str:
        """Make users and private rooms; return the path of the file that lists who sits where."""
        seats = self.directory / "seats.jsonl"
        self.server.manage(
            "bench_setup",
            *("--users", str(users)),
            *("--rooms", str(rooms)),
            *("--members", str(members)),
            *("--kind", "private"),
            *("--out", str(seats)),
        )
        return str(seats)

    def restart(self) -> ServerProcess:
        """Start the server, anew if it runs; return it."""
        self.server.stop()
        return self.server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def bystander(*arguments: str, env: dict[str, str] | None = None) -> ServerProcess:
    """Return a server other than this product (not started): `python` with these arguments.

    `{port}` in them becomes the port. Other servers get the same load: the reference, the ideal.
    """
    port = free_port()
    return ServerProcess(port, env, argv=[sys.executable, *(word.format(port=port) for word in arguments)])
