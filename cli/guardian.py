"""A script that outlives its supervisor and ends the children of one that was killed by kill -9. Imports no idmill."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05


def main() -> None:
    """Reads `+ PID SIGNAL` and `- PID` lines. At the end of input, ends what was announced and not taken back."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the supervisor does, and last
    announced: dict[int, int] = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "+":
            announced[int(words[1])] = int(words[2])
        else:
            announced.pop(int(words[1]), None)
    end(announced)


def end(announced: dict[int, int]) -> None:
    """Ask every child politely, wait, then SIGKILL their groups and whoever descended from them."""
    descendants = set(_descendants(set(announced)))
    for leader, polite in reversed(announced.items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(leader, polite)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and (any(map(_group_lives, announced)) or any(map(_lives, descendants))):
        time.sleep(POLL_SECONDS)
    for leader in announced:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
    for pid, started in descendants:
        if _lives((pid, started)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _group_lives(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _descendants(ancestors: set[int]) -> Iterator[tuple[int, str]]:
    """(process id, start time) of every process below `ancestors`; nothing where there is no /proc."""
    below: dict[int, list[tuple[int, str]]] = {}
    for pid, parent, started in _processes():
        below.setdefault(parent, []).append((pid, started))
    waiting = list(ancestors)
    while waiting:
        for pid, started in below.get(waiting.pop(), ()):
            waiting.append(pid)
            yield pid, started


def _lives(known: tuple[int, str]) -> bool:
    """Whether this very process still runs: a number alone may be somebody else's by now."""
    stat = _stat(known[0])
    return stat is not None and stat[1] == known[1] and stat[2] != "Z"


def _processes() -> Iterator[tuple[int, int, str]]:
    proc = Path("/proc")
    for entry in proc.iterdir() if proc.is_dir() else ():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            yield int(entry.name), stat[0], stat[1]


def _stat(pid: int) -> tuple[int, str, str] | None:
    """(parent, start time, state) of a process; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[19], fields[0]


if __name__ == "__main__":
    main()
