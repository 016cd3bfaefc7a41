"""A web server that does to its visitors whatever a test asks for, on real sockets.

It listens on 127.0.0.2, which the tests' policy takes for a public address; everything else is
judged as in the product. `Trap` listens where no preview may ever go, and remembers who came.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from messaging.previews.addresses import IPAddress, Policy, is_public

PUBLIC = ip_address("127.0.0.2")
CERTIFICATE = Path(__file__).with_name("good.test.pem")
Answer = bytes | Callable[[socket.socket, "Hostile"], None]


def page(body: bytes = b"<title>A page</title>", *headers: str, status: str = "200 OK") -> bytes:
    """An answer with a body of known length."""
    given = ["Content-Type: text/html", *headers] if not any(h.startswith("Content-Type") for h in headers) else headers
    lines = [f"HTTP/1.1 {status}", *given, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def moved(location: str, status: str = "302 Found") -> bytes:
    return page(b"", f"Location: {location}", status=status)


class Listener:
    """Listens on a port of its own and hands each connection to `serve` on a thread."""

    address = "127.0.0.1"

    def __init__(self) -> None:
        self._socket = socket.create_server((self.address, 0))
        self.port: int = self._socket.getsockname()[1]
        self.visits = 0
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def greet(self, connection: socket.socket) -> socket.socket:
        return connection

    def serve(self, connection: socket.socket) -> None:
        """Answer a visitor."""

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            self.visits += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self.greet(connection) as greeted:
                self.serve(greeted)
        except OSError:
            connection.close()  # the visitor has had enough, as it should

    def close(self) -> None:
        self.ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Trap(Listener):
    """Stands for a database, a cloud's metadata, a router: whatever trusts its network."""


class Hostile(Listener):
    """Answers by path. `requests` are the heads that it was sent, `names` what TLS asked for."""

    address = str(PUBLIC)

    def __init__(self, *, secure: bool = False) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.names: list[str | None] = []
        self._tls: ssl.SSLContext | None = None
        if secure:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTIFICATE)
            self._tls.sni_callback = lambda _, name, __: self.names.append(name)
        super().__init__()

    def greet(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := connection.recv(4096)):
                return
            head += data
        self.requests.append(head.decode("latin-1"))
        answer = self.answers[head.split(b" ", 2)[1].decode("latin-1")]
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(connection, self)

    def url(self, path: str, host: str = "good.test", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


class Names:
    """The name server: what each name has, call after call; the last answer stays."""

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked.append(name)
        try:
            answers = self._names[name]
        except KeyError:
            # A literal address is its own, however it is written: the system's resolver does the same.
            return list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(name, port, proto=6)))
        return answers.pop(0) if len(answers) > 1 else answers[0]


def policy_for(names: Names, *listeners: Listener) -> Policy:
    """The product's policy, but for the ports of these listeners, and `PUBLIC` counts as public."""

    def counts_as_public(address: IPAddress) -> bool:
        return address == PUBLIC or is_public(address)

    return Policy(names, counts_as_public, frozenset(each.port for each in listeners))
