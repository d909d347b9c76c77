"""Waiting for a job without asking Postgres again and again: one connection listens, and rings for whoever waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import psycopg
import structlog

from core.events import FINISHED_CHANNEL

RECONNECT_SECONDS = 1.0

log = structlog.get_logger()


class Bell:
    """Rings at most once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wakes whoever waits."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Returns when the bell rings, or after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)


class Waiters:
    """The clients of this process that wait for a job. At most `most` at a time; the rest are answered at once."""

    def __init__(self, database_url: str, *, most: int) -> None:
        self._database_url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._most = most
        self._count = 0
        self._bells: dict[UUID, set[Bell]] = defaultdict(set)

    @contextmanager
    def bell(self, job_id: UUID) -> Iterator[Bell]:
        """A bell that rings when the job has ended. Hang it up before looking at the row, or the end can be missed."""
        bell = Bell()
        self._count += 1
        if self._count > self._most:
            bell.ring()
        self._bells[job_id].add(bell)
        try:
            yield bell
        finally:
            self._count -= 1
            self._bells[job_id].discard(bell)
            if not self._bells[job_id]:
                del self._bells[job_id]

    async def listen(self) -> None:
        """Rings bells until cancelled. After a lost connection all are rung: what happened meanwhile is unknown."""
        while True:
            with suppress(psycopg.OperationalError, OSError):
                await self._listen_once()
            self._ring_all()
            log.warning("waiting.reconnects")
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
            await connection.execute(f"LISTEN {FINISHED_CHANNEL}")
            self._ring_all()
            async for notice in connection.notifies():
                for bell in self._bells.get(UUID(notice.payload), ()):
                    bell.ring()

    def _ring_all(self) -> None:
        for bells in list(self._bells.values()):
            for bell in bells:
                bell.ring()
