"""A browser for the tests of the web client, and what its modules are tried on without a server.

Tests of models load a blank page and run the modules in it; tests of the whole use a real server
process. Where there is no Chromium they are skipped with one line, and fail when `CI` is `true`.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.scene import PATIENCE_MS, Scene
from tests.fixtures_server import Installation
from tests.servers import BROWSERS, PROJECT, ServerProcess

ARGUMENTS = [
    "--no-sandbox",  # tests run as root in containers, where the sandbox can't start
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for the package: Playwright's loop must be gone before tests elsewhere run theirs."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing = "There is no Chromium on this machine (looked for: " + ", ".join(BROWSERS) + ")."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class _Files(SimpleHTTPRequestHandler):
    """The project's static files, and an empty page for everything else."""

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Blank</title><body></body>")

    def log_message(self, *_: Any) -> None:
        """Say nothing: the browser's own log is in the test's failure."""


@pytest.fixture(scope="package")
def blank_url() -> Iterator[str]:
    """The origin of a server of blank pages with the project's modules under /static/js/."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(PROJECT))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def blank(browser: Browser, blank_url: str) -> Iterator[Page]:
    """A blank page in a context of its own; an error that a module throws into the void fails the test."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(blank_url)
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture(scope="package")
def installation(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Installation]:
    """An installation of this package's own: its tests kill the server and start it again."""
    made = Installation(tmp_path_factory.mktemp("browser"), django_db_blocker)
    yield made
    made.close()


@pytest.fixture(scope="package")
def server(installation: Installation) -> ServerProcess:
    return installation.start()


@pytest.fixture
def scene(installation: Installation, server: ServerProcess, browser: Browser) -> Iterator[Scene]:
    """People and rooms of this test alone; after a test that stopped the server it runs again."""
    if not server.is_running:
        server.start()
    scene = Scene(installation, server, browser)
    yield scene
    scene.close()
    assert not scene.errors, scene.errors
