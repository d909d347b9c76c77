"""Waiting without asking Postgres again and again: one connection listens, and rings for whoever waits."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import psycopg
import structlog
from anyio import CapacityLimiter, to_thread

from core import errors
from core.db.tables import Job
from core.events import EVENTS_CHANNEL, FINISHED_CHANNEL

RECONNECT_SECONDS = 1.0
FULL_RETRY_SECONDS = 5
LONG_WAIT_SECONDS = 10.0
SPREAD = 0.2  #: a long wait ends up to so much sooner, so that clients that began together do not return together

Load = Callable[[list[UUID]], dict[UUID, Job]]

log = structlog.get_logger()


class Bell:
    """Rings at most once between two waits."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._job: Job | None = None

    def ring(self, job: Job | None = None) -> None:
        """Wakes whoever waits, with the job that ended where it is one."""
        self._job = job
        self._rung.set()

    async def wait(self, seconds: float) -> Job | None:
        """Returns when the bell rings, or after about so many seconds; the ended job where that is what rang."""
        if seconds > LONG_WAIT_SECONDS:
            seconds -= seconds * SPREAD * random.random()  # noqa: S311 - spreads load, hides nothing
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()
        return self._job


class Waiters:
    """The clients of this process that wait for a job, a batch or events. At most `most` at a time.

    Jobs that end together are read together, by `load`: a hundred clients that wake cost one query.
    """

    def __init__(self, database_url: str, *, most: int, load: Load) -> None:
        self._database_url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._most = most
        self._load = load
        self._count = 0
        self._bells: dict[UUID, set[Bell]] = defaultdict(set)
        self._ended: set[UUID] = set()
        self._some_ended = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """Whether one more may wait."""
        return self._count < self._most

    @contextmanager
    def bell(self, identifier: UUID) -> Iterator[Bell]:
        """A bell that rings for this job, batch or organization. Hang it up before looking, or the end can be missed.

        It rings at once when too many wait already.
        """
        bell = Bell()
        if not self.has_room:
            bell.ring()
        self._count += 1
        self._bells[identifier].add(bell)
        try:
            yield bell
        finally:
            self._count -= 1
            self._bells[identifier].discard(bell)
            if not self._bells[identifier]:
                del self._bells[identifier]

    def must_have_room(self) -> None:
        """Raises `TemporarilyUnavailable`."""
        if not self.has_room:
            raise errors.TemporarilyUnavailable("Too many clients wait here.", retry_seconds=FULL_RETRY_SECONDS)

    async def listen(self) -> None:
        """Rings bells until cancelled. After a lost connection all are rung: what happened meanwhile is unknown."""
        reading = asyncio.create_task(self._read_the_ended())
        try:
            while True:
                with suppress(psycopg.OperationalError, OSError):
                    await self._listen_once()
                self._ring(list(self._bells))
                log.warning("waiting.reconnects")
                await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            reading.cancel()

    async def _listen_once(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
            for channel in (FINISHED_CHANNEL, EVENTS_CHANNEL):
                await connection.execute(f"LISTEN {channel}")
            self._ring(list(self._bells))
            async for notice in connection.notifies():
                identifier = UUID(notice.payload)
                if identifier not in self._bells:
                    continue
                if notice.channel == FINISHED_CHANNEL:
                    self._ended.add(identifier)
                    self._some_ended.set()
                else:
                    self._ring([identifier])

    async def _read_the_ended(self) -> None:
        """Reads what ended since the last time, in one query, and rings; what ends meanwhile is the next one's.

        On a thread of its own: however many requests wait for one, those who wait for an end go first.
        """
        own_thread = CapacityLimiter(1)
        while True:
            await self._some_ended.wait()
            self._some_ended.clear()
            ended, self._ended = self._ended, set()
            found: dict[UUID, Job] = {}
            try:
                found = await to_thread.run_sync(self._load, list(ended), limiter=own_thread)
            except Exception as error:  # noqa: BLE001 - whoever waits looks for himself, and says what is wrong
                log.warning("waiting.not_read", error=type(error).__name__)
            self._ring(ended, found)

    def _ring(self, identifiers: Iterable[UUID], jobs: dict[UUID, Job] | None = None) -> None:
        for identifier in identifiers:
            for bell in self._bells.get(identifier, ()):
                bell.ring((jobs or {}).get(identifier))
