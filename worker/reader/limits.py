"""What a reader may use and when it must go, set by the reader on itself before it sees a picture."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_NO_NEW_PRIVS = 38

FILE_BYTES = 64 * 1024 * 1024  #: largest file it may write (some engines work through temporary files)
WATCH_SECONDS = 0.25
NICER = 10  #: steps of priority that a reader stands back: what waits to be received is received while it reads
OUT_OF_MEMORY_STATUS = 86  #: exit code of a reader that gave up for lack of memory


def confine(*, memory_bytes: int) -> None:
    """Address space, file size, no core dump (it would hold a picture), priority, signals of a terminal ignored."""
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, memory_bytes)
    else:  # macOS takes RLIMIT_AS and does not keep to it
        watch(lambda: _peak_bytes() > memory_bytes, OUT_OF_MEMORY_STATUS)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    os.nice(NICER)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # its worker ends it, by SIGKILL


def end_with_parent(parent: int) -> None:
    """Ends this process when `parent` ends, however that happens."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    else:
        watch(lambda: os.getppid() != parent, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(0)


def allow_cpu(seconds: float) -> None:
    """So many more seconds of processor time; then SIGXCPU ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def watch(is_over: Callable[[], bool], status: int) -> None:
    """Ends this process with `status` soon after `is_over()`, from a thread of its own."""

    def look() -> None:
        while not is_over():
            time.sleep(WATCH_SECONDS)
        os._exit(status)

    threading.Thread(target=look, name="watch", daemon=True).start()


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # a limit this system does not know
        resource.setrlimit(limit, (wanted, wanted))


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
