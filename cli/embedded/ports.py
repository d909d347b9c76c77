"""Which TCP port to take on this machine. Nothing listens here."""

from __future__ import annotations

import errno
import random
import socket
import sys

LOOPBACK = "127.0.0.1"

#: Below the kernel's ephemeral range (32768 and up on Linux, 49152 on macOS): a client that keeps dialling a dead
#: service on an ephemeral port may be given that very port as its own and connect to itself.
_CANDIDATES = range(20000, 30000)

_claims: dict[int, socket.socket] = {}  #: by port, what keeps other processes off it until a server listens there


class NoFreePort(Exception):
    """Every port tried was busy."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `host`:`port` now. Raises OSError when `host` is no address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refused:
            if refused.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def claim(port: int) -> bool:
    """Takes a port for as long as this process lives; False where another process of this machine took it.

    Two that start at the same moment both see a port free on which a server will listen seconds later. The claim is a
    name in Linux's abstract namespace, which needs no file and goes with its process; elsewhere nobody else knows.
    """
    if port in _claims:
        return True
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if sys.platform == "linux":
        try:
            held.bind(f"\0idmill-port-{port}")
        except OSError:
            held.close()
            return False
    _claims[port] = held
    return True


def free(host: str = LOOPBACK) -> int:
    """A port of 20000-29999 nobody listens on at this moment, claimed for this process."""
    for port in random.SystemRandom().sample(_CANDIDATES, 200):
        if port not in _claims and is_free(port, host) and claim(port):
            return port
    raise NoFreePort(f"no free port between {_CANDIDATES.start} and {_CANDIDATES.stop - 1} on {host}")
