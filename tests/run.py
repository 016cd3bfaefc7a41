"""What `bin/test` runs: the checkers, then pytest once for each database.

The real servers are started here once and shared by all tests of a round. Where something of
the machine is missing, one line says what was left out; with `CI=true` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers import BROWSERS, PROJECT, Postgres, start_postgres, start_valkey

# More workers than cores: the tests wait for servers about as much as they compute.
WORKERS = str(max(2, (os.cpu_count() or 2) * 3 // 2))
# What asks neither a database nor Redis, or sees the same client whichever they are, or walks our own rules
# through all cases (that a query says the same on both is held by the tests of what it is for): once is enough.
ONCE = (
    *("permissions", "test_privacy_matrix.py"),
    *("browser", "test_rendering.py", "test_xss.py", "test_feed.py", "test_load_client.py", "test_data_model.py"),
    *("previews/test_addresses.py", "previews/test_fetching.py", "previews/test_reading.py"),
    *("search/test_query.py", "search/test_words.py", "search/test_highlight.py"),
)
# No power is cut in a test, and what a killed server has written the system keeps.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "500",  # each worker has several servers, each with a pool
}
CHECKERS: list[tuple[str, list[str]]] = [
    ("style", ["ruff", "check", "--quiet", "."]),
    ("format", ["ruff", "format", "--quiet", "--check", "."]),
    ("layers", ["lint-imports", "--no-cache"]),
    ("types", ["mypy"]),
]


def main(arguments: Sequence[str]) -> int:
    """Run everything, report every part that failed, and return the exit status."""
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chat-test-") as folder:
        if not arguments:
            failed += [name for name, command in CHECKERS if not run(name, tool(*command), {})]
        if not any(shutil.which(name) for name in BROWSERS):
            print(
                "Left out: browser tests (no Chromium found; install the package chromium-headless-shell or chromium).",
                flush=True,
            )
            if os.environ.get("CI") == "true":
                failed.append("browser")
        postgres, valkey = start_postgres(**QUICK), start_valkey()
        on_postgres = environment(folder, "postgres") | {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        rounds = [
            ("SQLite", with_template(environment(folder, "sqlite")), ()),
            (
                "PostgreSQL + Valkey",
                with_template(on_postgres, postgres),
                tuple(f"--ignore=tests/{name}" for name in ONCE),
            ),
        ]
        for name, variables, extra in rounds:
            command = [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "worksteal", *extra, *arguments]
            if not run(f"tests on {name}", command, variables):
                failed.append(f"tests on {name}")
        postgres.close()
        valkey.close()
    print(f"Failed: {', '.join(failed)}" if failed else "All green.", flush=True)
    return 1 if failed else 0


def tool(name: str, *arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name(name)), *arguments]


def environment(folder: str, name: str) -> dict[str, str]:
    data = Path(folder, name)
    data.mkdir()
    return {"CHAT_DATA_DIR": str(data), "DATABASE_URL": "", "REDIS_URL": ""}


def with_template(variables: Mapping[str, str], postgres: Postgres | None = None) -> dict[str, str]:
    """Migrate a database that the servers of tests begin with a copy of; return the variables that name it."""
    made = {**variables, "CHAT_DATA_DIR": str(Path(variables["CHAT_DATA_DIR"], "template"))}
    template = str(Path(made["CHAT_DATA_DIR"], "chat.sqlite3"))
    if postgres is not None:
        template = "chat_template"
        made["DATABASE_URL"] = postgres.create_database(template)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, env={**os.environ, **made}, check=True)
    return {**variables, "CHAT_TEST_TEMPLATE": template}


def run(name: str, command: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Run one part, say how long it took, and return whether it passed."""
    print(f"— {name}", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, check=False).returncode
    print(f"  {name}: {'ok' if status == 0 else f'failed ({status})'} in {time.monotonic() - began:.0f} s", flush=True)
    return status == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
