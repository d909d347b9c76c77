"""One idmill at a time in a state directory."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOPPING_SECONDS = 20.0  #: how long children of a killed supervisor may take to end


class AlreadyRunning(Exception):
    """Somebody else holds the directory."""


@contextmanager
def held(var: Path) -> Iterator[int]:
    """The lock of `var`, as the descriptor to hand to whoever must keep it longer. Raises AlreadyRunning.

    After kill -9 its guardian holds the lock until the last child has ended: that is waited for.
    """
    path = var / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + STOPPING_SECONDS
        while not _take(descriptor):
            holder = path.read_text().strip()
            if _runs(holder):
                raise AlreadyRunning(
                    f"idmill is already running on {var} (process {holder}). "
                    "Stop it with Ctrl-C there, or choose another --var."
                )
            if time.monotonic() > deadline:
                raise AlreadyRunning(f"an earlier idmill on {var} was killed and its children have not ended yet")
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
