"""A worker's hold on its reader: one long-lived process, watched, killed at its deadline and replaced."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from worker.reader import frames, limits
from worker.reader.child import Order
from worker.reader.frames import Kind

START_SECONDS = 60.0  #: for loading the models on a busy machine
TICK_SECONDS = 0.5  #: how often `on_tick` is called while a picture is read
PIPE_BYTES = 65_536
#: Nothing else of the worker's environment reaches the reader: no address of a service, no key.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", "HOME", "PYTHONPATH", "TESSDATA_PREFIX")

log = structlog.get_logger()


class Death(StrEnum):
    """Why a reader had to go."""

    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "oom"
    CRASH = "crash"


class ReaderDied(Exception):
    """The reader ended, or was ended, on this picture. The next picture gets a new one."""

    def __init__(self, death: Death) -> None:
        super().__init__(death.value)
        self.death = death


class ReaderFailed(Exception):
    """The reader raised on this picture and goes on; the text is the name of its exception."""


class ReaderUnavailable(Exception):
    """No reader could be started. The picture is not to blame."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reader said: `result` as JSON values, or `failure` as JSON values. They came out of a process that
    decodes strangers' files: data, never code.
    """

    result: dict[str, Any] | None = field(repr=False)
    failure: dict[str, Any] | None


class Reader:
    """Not for several threads. The process starts at `start` or at the first picture."""

    def __init__(self, *, seconds: float, memory_bytes: int, engine: str, module: str = "worker.reader.child") -> None:
        """`seconds` of wall time for each picture, `memory_bytes` of address space."""
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._engine = engine
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._has_taken = False
        self._heard = bytearray()

    @property
    def pid(self) -> int | None:
        """Of the running reader."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Starts the process if none runs, and does not wait for it."""
        if self.pid is not None:
            return
        self.stop()
        command = [sys.executable, "-m", self._module, str(os.getpid()), str(self._memory_bytes), self._engine]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        threads = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command,
            env=environment | threads,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # what it starts is ended with it
        )
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None  # noqa: S101 - both were asked for
            os.set_blocking(pipe.fileno(), False)
        self._is_ready = False
        self._heard.clear()

    def stop(self) -> None:
        """Kills the reader and whatever it started; returns when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def read(
        self,
        picture: bytes,
        document: str,
        *,
        max_pixels: int,
        on_stage: Callable[[str], None],
        on_tick: Callable[[], None],
    ) -> Outcome:
        """Has one picture read. Whatever `on_stage` and `on_tick` raise ends the reader and comes out here.

        Raises ReaderDied, ReaderFailed, ReaderUnavailable.
        """
        order = Order(document, self._engine, max_pixels, cpu_seconds=2 * self._seconds)
        message = frames.json_frame(Kind.ORDER, asdict(order)) + frames.frame(Kind.PICTURE, picture)
        try:
            return self._read_once(message, on_stage, on_tick)
        except ReaderDied as died:
            if died.death is Death.TIMEOUT or self._has_taken:
                raise
        return self._read_once(message, on_stage, on_tick)  # it was dead before it knew of the picture

    def _read_once(self, message: bytes, on_stage: Callable[[str], None], on_tick: Callable[[], None]) -> Outcome:
        self._wait_until_ready(on_tick)
        self._has_taken = False
        try:
            return self._converse(message, on_stage, on_tick)
        except ReaderFailed:
            raise
        except BaseException:
            self.stop()  # it still works on a picture that nobody wants any more, or is dead already
            raise

    def _wait_until_ready(self, on_tick: Callable[[], None]) -> None:
        self.start()
        if self._is_ready:
            return
        try:
            for kind, _ in self._exchange(b"", START_SECONDS, on_tick):
                if kind is Kind.READY:
                    self._is_ready = True
                    return
        except ReaderDied as died:
            self.stop()
            raise ReaderUnavailable(died.death.value) from None
        except BaseException:
            self.stop()
            raise

    def _converse(self, message: bytes, on_stage: Callable[[str], None], on_tick: Callable[[], None]) -> Outcome:
        for kind, payload in self._exchange(message, self._seconds, on_tick):
            match kind:
                case Kind.TAKEN:
                    self._has_taken = True
                case Kind.STAGE:
                    on_stage(payload.decode())
                case Kind.ANSWER:
                    return Outcome(**json.loads(payload))
                case Kind.ERROR:
                    raise ReaderFailed(payload.decode())
                case Kind.OUT_OF_MEMORY:
                    raise ReaderDied(Death.OUT_OF_MEMORY)
                case _:
                    raise frames.BrokenFrame
        raise AssertionError("frames end with an exception")

    def _exchange(self, message: bytes, seconds: float, on_tick: Callable[[], None]) -> Iterator[tuple[Kind, bytes]]:
        """Sends while it listens, so that neither side waits for the other. Raises ReaderDied, BrokenFrame."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        deadline = time.monotonic() + seconds
        unsent = memoryview(message)
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if unsent:
                ready.register(process.stdin, selectors.EVENT_WRITE)
            while True:
                if time.monotonic() >= deadline:
                    raise ReaderDied(Death.TIMEOUT)
                for key, _ in ready.select(min(TICK_SECONDS, deadline - time.monotonic())):
                    if key.fileobj is process.stdin:
                        unsent = unsent[self._send(process, unsent) :]
                        if not unsent:
                            ready.unregister(process.stdin)
                    else:
                        yield from self._hear(process)
                on_tick()

    def _send(self, process: subprocess.Popen[bytes], unsent: memoryview) -> int:
        assert process.stdin is not None  # noqa: S101
        try:
            return os.write(process.stdin.fileno(), unsent[:PIPE_BYTES])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise ReaderDied(_cause_of_death(process)) from None

    def _hear(self, process: subprocess.Popen[bytes]) -> Iterator[tuple[Kind, bytes]]:
        assert process.stdout is not None  # noqa: S101
        heard = os.read(process.stdout.fileno(), PIPE_BYTES)
        if not heard:
            raise ReaderDied(_cause_of_death(process))
        self._heard += heard
        yield from frames.split(self._heard)


def _cause_of_death(process: subprocess.Popen[bytes]) -> Death:
    """Judged by how it ended. A SIGKILL that is not ours is the kernel's, for lack of memory."""
    try:
        status = process.wait(timeout=2)
    except subprocess.TimeoutExpired:  # it closed its pipe and goes on: as good as dead
        return Death.CRASH
    if status in {-signal.SIGKILL, limits.OUT_OF_MEMORY_STATUS}:
        return Death.OUT_OF_MEMORY
    return Death.TIMEOUT if status == -signal.SIGXCPU else Death.CRASH
