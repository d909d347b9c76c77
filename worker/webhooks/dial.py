"""One HTTP request to somebody else's server: the name resolved once, every address judged, that address dialled."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from core import targets
from core.targets import Address, Network, Target

ANSWER_BYTES = 1024  #: of the body that are read and kept; the rest is never fetched
Resolve = Callable[[str, int], list[Address]]


class DialFailed(Exception):
    """No answer. `str(error)` is a stable word."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    start: bytes = field(repr=False)  #: of the body


def resolve(host: str, port: int) -> list[Address]:
    """All addresses of a name. Raises `DialFailed`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DialFailed("name_unknown") from None
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    seconds: float,
    allowed: tuple[Network, ...] = (),
    resolver: Resolve = resolve,
) -> Answer:
    """Sends one POST and reads the start of its answer, all within `seconds`. Redirects are not followed.

    Raises `errors.TargetRefused` before anything is dialled when the URL or any address of its name is bad, and
    `DialFailed`.
    """
    deadline = time.monotonic() + seconds
    target = targets.parse(url)
    addresses = [target.literal] if target.literal is not None else resolver(target.host, target.port)
    if not addresses:
        raise DialFailed("name_unknown")
    for address in addresses:
        targets.must_be_allowed(target, address, allowed)
    try:
        with _connected(addresses, target, deadline) as plain:
            return _exchange(plain, target, headers, body, deadline)
    except ssl.SSLError:
        raise DialFailed("tls_failed") from None
    except TimeoutError:
        raise DialFailed("timed_out") from None
    except (OSError, http.client.HTTPException):
        raise DialFailed("timed_out" if time.monotonic() >= deadline else "connection_failed") from None


def _connected(addresses: list[Address], target: Target, deadline: float) -> socket.socket:
    """A connection to the first address that takes one."""
    for place, address in enumerate(addresses):
        try:
            return socket.create_connection((str(address), target.port), timeout=_left(deadline))
        except OSError:
            if place == len(addresses) - 1:
                raise
    raise DialFailed("connection_failed")


def _exchange(plain: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, deadline: float) -> Answer:
    sock = _wrapped(plain, target) if target.is_tls else plain
    # each socket operation has its own time limit; a receiver that drips bytes is ended by the clock
    watchdog = threading.Timer(_left(deadline), _shut, (sock,))
    watchdog.daemon = True
    watchdog.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": target.authority, "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.putheader("Connection", "close")
        connection.endheaders(body)
        response = connection.getresponse()
        _left(deadline)  # headers that the clock cut off look like whole ones
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, _start(response))
    finally:
        watchdog.cancel()
        connection.close()


def _start(response: http.client.HTTPResponse) -> bytes:
    """The first bytes of a body. The status is the answer; a body that does not come takes nothing from it."""
    try:
        return response.read(ANSWER_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _wrapped(plain: socket.socket, target: Target) -> ssl.SSLSocket:
    """TLS as for the name in the URL, whatever address was dialled; without the handshake yet."""
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # an SSLSocket's own would take its TLS away from the reader


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
