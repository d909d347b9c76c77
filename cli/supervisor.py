"""Several children as one thing: started in order, restarted when they die, stopped in reverse, none left behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from cli import children, guardian
from cli.children import Child, Running

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
LOG_LOOK_SECONDS = 10.0  #: between two looks at the length of the logs
STEADY_SECONDS = 60.0  #: a child that ran so long is restarted after the first pause again
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(Exception):
    """Ctrl-C or SIGTERM came: leave the `with` block, which stops everything."""


class _Kept:
    """A child that shall run, whether it does at the moment or not."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.running: Running | None = None
        self.pause = FIRST_PAUSE_SECONDS
        self.due = 0.0


class Supervisor:
    """Use as a context, from the main thread. Signal handlers only note what came; all else happens in its methods."""

    def __init__(self, say: Callable[[str], None], *, keep_open: tuple[int, ...] = ()) -> None:
        """`say` gets a sentence when a child died; `keep_open` are descriptors (a lock) held until all is ended."""
        self._say = say
        self._keep_open = keep_open
        self._stages: list[list[_Kept]] = []
        self._stops_asked = 0
        self._next_look = 0.0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._awake, self._wake = socket.socketpair()
        self._awake.settimeout(0)
        self._wake.settimeout(0)
        self._old_wakeup = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in _STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup
            self._handlers[number] = signal.signal(number, self._note_stop)
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the wait
        told, self._to_guardian = os.pipe()
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", guardian.__file__],
            stdin=told,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._keep_open,
            cwd="/",
            env={},
        )
        os.close(told)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop_all()
        finally:
            self._leave()

    def start(self, *stage: Child) -> None:
        """Start these in order and wait until each is ready. Raises DiedAtStart, StopAsked.

        They are stopped together, after everything that was started later.
        """
        kept = [_Kept(child) for child in stage]
        self._stages.append(kept)
        for one in kept:
            self._launch(one)
        for one in kept:
            while not one.child.is_ready():
                self._refuse_to_go_on_after_stop()
                if one.running is not None:
                    children.refuse_if_dead_or_late(one.running)
                self._sleep(children.POLL_SECONDS)

    def attend(self, seconds: float | None = 0.0) -> None:
        """For so long (None: for ever) restart who dies and keep logs short. Raises StopAsked once somebody asks."""
        until = float("inf") if seconds is None else time.monotonic() + seconds
        while True:
            self._refuse_to_go_on_after_stop()
            next_due = min(self._restart_the_dead(), self._shorten_logs())
            now = time.monotonic()
            if now >= until:
                return
            self._sleep(min(until, next_due) - now)

    def pids(self) -> dict[str, int]:
        """Process id of every child that runs."""
        everyone = (one for stage in self._stages for one in stage)
        return {one.child.name: one.running.pid for one in everyone if one.running is not None}

    def _restart_the_dead(self) -> float:
        """Note new deaths, start whose pause is over; when the next pause is over (monotonic seconds)."""
        next_due = float("inf")
        for one in (one for stage in self._stages for one in stage):
            if one.running is not None and (status := one.running.exit_status()) is not None:
                self._note_death(one, one.running, status)
            if one.running is None and time.monotonic() >= one.due:
                self._launch_again(one)
            if one.running is None:
                next_due = min(next_due, one.due)
        return next_due

    def _shorten_logs(self) -> float:
        """Put long logs aside, now and then; when the next look is due (monotonic seconds)."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOG_LOOK_SECONDS
            for stage in self._stages:
                for one in stage:
                    children.put_aside(one.child.log)
        return self._next_look

    def _note_death(self, one: _Kept, dead: Running, status: int) -> None:
        dead.end(time.monotonic())  # what it left behind would hold its port or its jobs
        self._tell_guardian(f"- {dead.pid}")
        one.running = None
        if time.monotonic() - dead.since >= STEADY_SECONDS:
            one.pause = FIRST_PAUSE_SECONDS
        self._put_off(one, children.how_it_ended(status))

    def _launch_again(self, one: _Kept) -> None:
        try:
            self._launch(one)
        except (OSError, subprocess.SubprocessError) as refused:  # no memory, no process: may pass
            self._put_off(one, f"could not be started ({refused})")

    def _put_off(self, one: _Kept, what: str) -> None:
        self._say(f"{one.child.name} {what}; starting it again in {one.pause:g} s")
        one.due = time.monotonic() + one.pause
        one.pause = min(2 * one.pause, LONGEST_PAUSE_SECONDS)

    def _launch(self, one: _Kept) -> None:
        one.running = Running(one.child)
        self._tell_guardian(f"+ {one.running.pid} {int(one.child.stop_signal)}")

    def _stop_all(self) -> None:
        while self._stages:
            stage = [one.running for one in reversed(self._stages.pop()) if one.running is not None]
            for running in stage:
                running.ask_to_stop()
            for running in stage:
                self._end(running)
                self._tell_guardian(f"- {running.pid}")

    def _end(self, running: Running) -> None:
        """Wait out the grace time; a second Ctrl-C cuts it short."""
        asked = self._stops_asked
        deadline = time.monotonic() + running.child.grace_seconds
        while running.exit_status() is None and self._stops_asked == asked and time.monotonic() < deadline:
            self._sleep(deadline - time.monotonic())
        if not running.end(time.monotonic()):
            self._say(f"{running.child.name} did not stop in time and was killed")

    def _leave(self) -> None:
        os.close(self._to_guardian)
        self._guardian.wait()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._awake.close()
        self._wake.close()

    def _tell_guardian(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it; Linux still ends the children with us
            os.write(self._to_guardian, f"{line}\n".encode())

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1

    def _refuse_to_go_on_after_stop(self) -> None:
        if self._stops_asked:
            raise StopAsked

    def _sleep(self, seconds: float) -> None:
        """Until a signal comes, at most `seconds` (infinite: no end)."""
        timeout = None if seconds == float("inf") else max(0.0, seconds)
        readable, _, _ = select.select([self._awake], [], [], timeout)
        if readable:
            with contextlib.suppress(BlockingIOError):
                while self._awake.recv(4096):
                    pass
