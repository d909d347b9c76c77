"""One child process: how it starts, when it is ready, how it ends whole. Several together: `cli.supervisor`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

LOG_BYTES = 10_000_000  #: a log larger than this is put aside; one generation is kept
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Account:
    """The user a child runs as, where it is not our own."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Child:
    """What to run. Secrets travel in `env` or in files, never in `command`: everybody on the machine can read that."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    log: Path
    is_ready: Callable[[], bool]
    ready_seconds: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0  #: from the stop signal to SIGKILL
    account: Account | None = None
    directory: Path = Path("/")


class DiedAtStart(Exception):
    """A child ended, or did not answer in time, before it was ready."""


class Running:
    """A started child, leader of its own session and process group."""

    def __init__(self, child: Child) -> None:
        """Start it. Call from a thread that lives as long as the child should: Linux signals the child when it ends."""
        self.child = child
        self.since = time.monotonic()
        with _open_log(child.log) as log:
            self._process = subprocess.Popen(
                child.command,
                env=dict(child.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=child.directory,
                start_new_session=True,  # Ctrl-C in our terminal is ours; a whole group can be signalled
                user=None if child.account is None else child.account.uid,
                group=None if child.account is None else child.account.gid,
                extra_groups=None if child.account is None else [],
                preexec_fn=_die_with(os.getpid(), child.stop_signal),  # noqa: PLW1509  # calls prctl and getppid, no more
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_status(self) -> int | None:
        """None while it runs; then its exit code, or minus the signal that ended it."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """The polite signal, to the child alone: it stops its own children."""
        if self.exit_status() is None:
            self._process.send_signal(self.child.stop_signal)

    def end(self, deadline: float) -> bool:
        """Wait until `deadline` (monotonic seconds), then SIGKILL it and its group. True when it ended by itself."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
            ended_itself = True
        except subprocess.TimeoutExpired:
            ended_itself = False
        kill_group(self.pid)
        self._process.wait()
        return ended_itself

    def stop(self) -> None:
        """Ask, wait for the grace time, then kill; returns when nothing of it runs."""
        self.ask_to_stop()
        self.end(time.monotonic() + self.child.grace_seconds)


def start_and_wait(child: Child) -> Running:
    """The child, ready. Raises DiedAtStart, with nothing left behind."""
    running = Running(child)
    while not child.is_ready():
        try:
            refuse_if_dead_or_late(running)
        except DiedAtStart:
            running.stop()
            raise
        time.sleep(POLL_SECONDS)
    return running


def refuse_if_dead_or_late(running: Running) -> None:
    """Raises DiedAtStart, naming the log, once a child that is not ready yet has ended or used up its time."""
    child = running.child
    status = running.exit_status()
    if status is not None:
        raise DiedAtStart(
            f"{child.name} {how_it_ended(status)} while starting; its log is {child.log}\n{tail(child.log)}"
        )
    if time.monotonic() - running.since > child.ready_seconds:
        raise DiedAtStart(
            f"{child.name} was not ready after {child.ready_seconds:g} s; its log is {child.log}\n{tail(child.log)}"
        )


def how_it_ended(status: int) -> str:
    """The exit status of a process as words: `was killed by SIGKILL`, `ended with code 1`."""
    if status >= 0:
        return f"ended with code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def tail(log: Path, lines: int = 12) -> str:
    """The last `lines` lines of a log, indented; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_000))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])


def put_aside(log: Path) -> None:
    """Moves what a long log holds to `NAME.1`, in place of what is there; its process goes on writing into the log.

    The process holds the file open and appends to it, so that the file itself stays and is emptied. A line written
    between the last look and the emptying is lost; on a disk that is full everything in the log is.
    """
    with contextlib.suppress(OSError):  # none yet, or not ours
        if log.stat().st_size <= LOG_BYTES:
            return
        aside = log.with_name(log.name + ".1")
        aside.unlink(missing_ok=True)
        with log.open("rb+") as long, contextlib.ExitStack() as then:
            then.callback(long.truncate, 0)
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
                shutil.copyfileobj(long, kept)


def kill_group(leader: int) -> None:
    """SIGKILL to whatever is left of a child's process group; its number stays taken as long as a member lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        os.killpg(leader, signal.SIGKILL)


def _die_with(parent: int, polite: signal.Signals) -> Callable[[], None] | None:
    """What the fork does just before exec: Linux will send it `polite` when we die, even by kill -9."""
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl  # looked up here: between fork and exec only the call itself is safe

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, int(polite), 0, 0, 0)
        if os.getppid() != parent:  # died between fork and prctl
            os._exit(1)

    return arm


def _open_log(path: Path) -> BinaryIO:
    """Append to the log, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    put_aside(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab", buffering=0)
