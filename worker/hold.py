"""What one Celery child holds from job to job: its reader, whom it served lately, and whether it is told to leave."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from core.settings import settings
from worker.reader.supervised import Reader

MOST_SERVED = 64  #: organizations remembered


class Leaving(Exception):
    """This process was told to end: what it holds goes to another."""


@dataclass(slots=True)
class _Held:
    reader: Reader | None = None
    served: OrderedDict[UUID, None] = field(default_factory=OrderedDict)
    is_leaving: bool = False


class Pulse:
    """Called often, it calls `beat` every so many seconds; raises Leaving once this process was told to."""

    def __init__(self, beat: Callable[[], None], *, seconds: float) -> None:
        self._beat = beat
        self._seconds = seconds
        self._due = time.monotonic() + seconds

    def __call__(self) -> None:
        if _held().is_leaving:
            raise Leaving
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._seconds
            self._beat()


@contextmanager
def reader(*, alone: bool) -> Iterator[Reader]:
    """The reader of this process; one made for this picture only when it is to be read alone."""
    if not alone:
        yield _lasting_reader()
        return
    suspicious = _new_reader()
    try:
        yield suspicious
    finally:
        suspicious.stop()


def warm_up() -> None:
    """Starts the reader, so that the first picture need not wait for the models."""
    _lasting_reader().start()


def close() -> None:
    """Ends the reader."""
    if (held := _held().reader) is not None:
        held.stop()


def leave() -> None:
    """From now on no picture is read to its end here. Called by a signal handler: it only notes."""
    _held().is_leaving = True


def is_leaving() -> bool:
    """Whether `leave` was called."""
    return _held().is_leaving


def served() -> list[UUID]:
    """Organizations that this process served, the latest last."""
    return list(_held().served)


def note_served(organization_id: UUID) -> None:
    """Puts an organization at the end of `served`."""
    kept = _held().served
    kept[organization_id] = None
    kept.move_to_end(organization_id)
    if len(kept) > MOST_SERVED:
        kept.popitem(last=False)


def _lasting_reader() -> Reader:
    held = _held()
    if held.reader is None:
        held.reader = _new_reader()
    return held.reader


def _new_reader() -> Reader:
    known = settings()
    module = known.reader_module if known.testing and known.reader_module else "worker.reader.child"
    return Reader(seconds=known.read_seconds, memory_bytes=known.read_memory_bytes, engine=known.reader, module=module)


@lru_cache(maxsize=1)
def _held() -> _Held:
    return _Held()
