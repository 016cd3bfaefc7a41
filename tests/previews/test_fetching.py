"""Fetching from a server that tries everything: nothing private is touched, nothing is held up."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Callable

import pytest

from messaging.previews.addresses import Refused
from messaging.previews.fetching import BODY_MAX, REDIRECTS_MAX, Fetcher, Limits
from tests.previews.hostile import CERTIFICATE, Hostile, Names, Trap, moved, page, policy_for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
DRIP_S = 0.01


def refused(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(Refused) as caught:
        fetcher.fetch(url)
    return str(caught.value)


def drip(first: bytes, each: bytes = b"x") -> Callable[[socket.socket, Hostile], None]:
    """Say something, and then a little now and then, for as long as anybody listens."""

    def answer(connection: socket.socket, site: Hostile) -> None:
        connection.sendall(first)
        while not site.ended.wait(DRIP_S):
            connection.sendall(each)

    return answer


def flood(first: bytes, each: bytes) -> Callable[[socket.socket, Hostile], None]:
    def answer(connection: socket.socket, site: Hostile) -> None:
        connection.sendall(first)
        while not site.ended.is_set():
            connection.sendall(each)

    return answer


# --- What is fetched ------------------------------------------------------------------------------


def test_a_page_is_fetched_with_the_name_and_nothing_of_ours(
    site: Hostile, fetcher: Fetcher, names: Names, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{trap.port}")
    site.answers["/a?b=c"] = page(b"<title>Here</title>", "Content-Type: text/html; charset=utf-8", "Set-Cookie: a=b")
    found = fetcher.fetch(site.url("/a?b=c#d"))
    assert (found.body, found.charset, found.host) == (b"<title>Here</title>", "utf-8", "good.test")
    (request,) = site.requests
    assert request.startswith("GET /a?b=c HTTP/1.1\r\n")
    headers = dict(line.lower().split(": ", 1) for line in request.strip().split("\r\n")[1:])
    assert headers["host"] == f"good.test:{site.port}"
    assert headers["accept-encoding"] == "identity"
    assert headers.keys() == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert names.asked == ["good.test"]


def test_tls_is_spoken_with_the_name_and_its_certificate_is_checked(names: Names, trap: Trap) -> None:
    with Hostile(secure=True) as site:
        site.answers["/"] = page()
        policy = policy_for(names, site, trap)
        trusting = Fetcher(policy, tls=lambda: ssl.create_default_context(cafile=CERTIFICATE))
        assert trusting.fetch(site.url("/", scheme="https")).body == b"<title>A page</title>"
        assert site.names == ["good.test"]
        # The certificate is for another name; then, of nobody known.
        assert "could not be fetched" in refused(trusting, site.url("/", "other.test", "https"))
        assert "could not be fetched" in refused(Fetcher(policy), site.url("/", scheme="https"))
        assert len(site.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed(site: Hostile, fetcher: Fetcher, status: str) -> None:
    site.answers |= {"/": moved("next", status), "/next": moved(site.url("/last", "other.test")), "/last": page()}
    assert fetcher.fetch(site.url("/")).host == "other.test"
    assert [f"Host: {host}.test" in head for host, head in zip(["good", "good", "other"], site.requests, strict=True)]


def test_chunks_are_put_together_and_a_page_ends_with_its_connection(site: Hostile, fetcher: Fetcher) -> None:
    site.answers["/chunks"] = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    site.answers["/open"] = HEAD + b"\r\nabcde"
    site.answers["/hints"] = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + page(b"abcde")
    for path in ("/chunks", "/open", "/hints"):
        assert fetcher.fetch(site.url(path)).body == b"abcde"


# --- Where it does not go -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "private.test", "mixed.test", "mapped.test", "0.0.0.0"]
)
def test_private_hosts_are_not_connected_to(trap: Trap, fetcher: Fetcher, host: str) -> None:
    assert refused(fetcher, f"http://{host}:{trap.port}/") == "The host is not on the public web."


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "localhost.", "good.test@127.0.0.1"]
)
def test_odd_ways_to_write_a_private_host_lead_nowhere(trap: Trap, fetcher: Fetcher, host: str) -> None:
    refused(fetcher, f"http://{host}:{trap.port}/")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{trap}/", "http://private.test:{trap}/", "//127.0.0.1:{trap}/", "http://[::ffff:127.0.0.1]:{trap}/",
        "http://mixed.test:{trap}/", "http://2130706433:{trap}/", "http://user@127.0.0.1:{trap}/", "http://good.test:22/",
        "http://169.254.169.254/", "file:///etc/passwd", "gopher://127.0.0.1:{trap}/", "http://127.0.0.1:{trap}\\@good.test/",
        "http://nowhere.test:{trap}/", "http://[", "//[::1",
    ],
)  # fmt: skip
def test_no_redirect_leads_to_a_private_host(site: Hostile, trap: Trap, fetcher: Fetcher, location: str) -> None:
    site.answers["/"] = moved(location.format(trap=trap.port))
    refused(fetcher, site.url("/"))
    assert len(site.requests) == 1


def test_a_name_that_changes_between_check_and_connection_gains_nothing(
    site: Hostile, fetcher: Fetcher, names: Names
) -> None:
    site.answers["/"] = page()
    assert fetcher.fetch(site.url("/", "rebinding.test")).body
    assert names.asked == ["rebinding.test"]  # once: what was checked is what was connected to
    site.answers["/"] = moved(site.url("/again", "rebinding.test"))
    assert refused(fetcher, site.url("/")) == "The host is not on the public web."  # judged anew


def test_a_name_that_cannot_be_looked_up_is_no_fault_of_ours(fetcher: Fetcher, site: Hostile) -> None:
    def fails(name: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    policy = policy_for(Names({}), site)
    broken = Fetcher(type(policy)(fails, policy.is_public, policy.ports))
    assert "could not be fetched" in refused(broken, site.url("/"))


# --- What it does not take ------------------------------------------------------------------------


def test_redirects_come_to_an_end(site: Hostile, fetcher: Fetcher) -> None:
    site.answers["/"] = moved("/")
    assert "too many redirects" in refused(fetcher, site.url("/"))
    assert len(site.requests) == REDIRECTS_MAX + 1
    chain = {f"/{number}": moved(f"/{number + 1}") for number in range(REDIRECTS_MAX)}
    site.answers |= {**chain, f"/{REDIRECTS_MAX}": page()}
    assert fetcher.fetch(site.url("/0")).body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
def test_nothing_packed_is_unpacked(site: Hostile, fetcher: Fetcher, encoding: str) -> None:
    bomb = gzip.compress(b"<title>A bomb</title>" + bytes(50 << 20))
    site.answers["/"] = page(bomb, f"Content-Encoding: {encoding}")
    assert "packed" in refused(fetcher, site.url("/"))


@pytest.mark.parametrize(
    "kind", ["application/pdf", "image/png", "text/plain", "application/json", "text/html-not", "", "video/mp4"]
)
def test_only_pages_are_taken(site: Hostile, fetcher: Fetcher, kind: str) -> None:
    site.answers["/"] = page(b"<title>x</title>", f"Content-Type: {kind}")
    assert "file" in refused(fetcher, site.url("/"))


@pytest.mark.parametrize(
    "status", ["204 No Content", "401 Unauthorized", "404 Not Found", "500 Oops", "304 Not Modified"]
)
def test_only_what_is_there_is_taken(site: Hostile, fetcher: Fetcher, status: str) -> None:
    site.answers["/"] = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    assert status[:3] in refused(fetcher, site.url("/"))


@pytest.mark.parametrize(
    "around",
    [b"Content-Length: 99999999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n100000000\r\n", b"\r\n"],
    ids=["length", "chunked", "open"],
)
def test_of_a_page_without_end_the_beginning_is_taken(site: Hostile, fetcher: Fetcher, around: bytes) -> None:
    site.answers["/"] = flood(HEAD + around, b"x" * 65_536)
    assert fetcher.fetch(site.url("/")).body == b"x" * BODY_MAX


@pytest.mark.parametrize(
    "answer",
    [
        flood(HEAD + b"X-Long: ", b"x" * 65_536),
        flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),
        flood(HEAD, b"X-More: x\r\n" * 1000),
        flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65_536),
        flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
    ],
    ids=["a long header", "hints", "headers", "a chunk's extension", "tiny chunks"],
)
def test_what_is_around_a_page_has_an_end(
    site: Hostile, fetcher: Fetcher, answer: Callable[[socket.socket, Hostile], None]
) -> None:
    site.answers["/"] = answer
    assert "could not be fetched: " in refused(fetcher, site.url("/"))


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n", b"+PONG\r\n", b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        HEAD + b"Content-Length: 5\r\n\r\nabc", HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", HEAD + b"Content-Length: -1\r\n\r\n", b"\x00" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(site: Hostile, fetcher: Fetcher, answer: bytes) -> None:
    site.answers["/"] = answer
    assert "could not be fetched" in refused(fetcher, site.url("/"))


@pytest.mark.parametrize(
    "answer",
    [
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX: "),
        drip(HEAD + b"Content-Length: 1000000\r\n\r\n"),
        drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        lambda _, site: site.ended.wait(),
    ],
    ids=["line", "header", "body", "chunks", "hints", "silence"],
)
def test_nobody_is_waited_for_longer_than_the_time_given(
    site: Hostile, fetcher: Fetcher, answer: Callable[[socket.socket, Hostile], None]
) -> None:
    site.answers["/"] = answer
    impatient = Fetcher(fetcher.policy, Limits(total_s=0.3))
    assert refused(impatient, site.url("/")) == "The page took too long."


def test_the_time_given_is_for_all_redirects_together(site: Hostile, fetcher: Fetcher) -> None:
    def slow(connection: socket.socket, site: Hostile) -> None:
        site.ended.wait(0.2)
        connection.sendall(moved("/"))

    site.answers["/"] = slow
    assert refused(Fetcher(fetcher.policy, Limits(total_s=0.5)), site.url("/")) == "The page took too long."


def test_a_name_server_that_says_nothing_is_not_waited_for(site: Hostile, fetcher: Fetcher) -> None:
    def hangs(name: str, port: int) -> list[str]:
        site.ended.wait()
        return []

    policy = type(fetcher.policy)(hangs, fetcher.policy.is_public, fetcher.policy.ports)
    assert refused(Fetcher(policy, Limits(total_s=0.2)), site.url("/")) == "The page took too long."


def test_a_handshake_that_never_ends_is_not_waited_for(site: Hostile, fetcher: Fetcher) -> None:
    """The site waits for a request in the clear, the client for a handshake."""
    impatient = Fetcher(fetcher.policy, Limits(total_s=0.3))
    assert refused(impatient, site.url("/", scheme="https")) == "The page took too long."
