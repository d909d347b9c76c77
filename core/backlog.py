"""How much waits for a worker and how long that takes: a job's place in the queue, the limit of all together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core import errors
from core.db.tables import Job
from core.settings import settings
from core.states import JobState

FARTHEST = 1000  #: places are counted up to here; a farther one is told as this
PACE_WINDOW = timedelta(seconds=60)
REMEMBERED_SECONDS = 2.0  #: the pace and the backlog are asked for no more often than this
FULL_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open job stands."""

    position: int  #: jobs that are taken before it; 0 once a worker has it
    expected_seconds: int | None  #: until its outcome, at the pace of the last minute; None while that is unknown

    @property
    def retry_seconds(self) -> int:
        """When it is worth asking again, 1 to 30 s."""
        guess = 1 + self.position // 10 if self.expected_seconds is None else self.expected_seconds
        return max(1, min(guess, 30))


def place(db: Session, job: Job) -> Place | None:
    """The place of a job; None once it has an outcome."""
    if not job.is_open:
        return None
    position = 0
    if job.state == JobState.QUEUED:
        earlier = (Job.state == JobState.QUEUED, Job.next_attempt_at < job.next_attempt_at)
        position = _count(db, *earlier, most=FARTHEST)
    pace = _pace(db)
    return Place(position, math.ceil((position + 1) / pace) if pace else None)


def must_have_room(db: Session) -> None:
    """Raises `TemporarilyUnavailable` while more jobs wait than the workers could take in any useful time."""
    most = settings().max_backlog
    if _remembered("waiting", lambda: _count(db, Job.state == JobState.QUEUED, most=most)) >= most:
        raise errors.TemporarilyUnavailable("Too many uploads wait already.", retry_seconds=FULL_RETRY_SECONDS)


def _pace(db: Session) -> float:
    """Outcomes a second in the last minute, of all organizations."""
    return _remembered("pace", lambda: _count_finished(db) / PACE_WINDOW.total_seconds())


def _count_finished(db: Session) -> int:
    return db.scalars(select(func.count()).where(Job.finished_at > func.now() - PACE_WINDOW)).one()


def _count(db: Session, *conditions: ColumnElement[bool], most: int) -> int:
    return db.scalars(select(func.count()).select_from(select(Job.id).where(*conditions).limit(most).subquery())).one()


def _remembered(name: str, ask: Callable[[], float]) -> float:
    known = _known()
    at, value = known.get(name, (-math.inf, 0.0))
    if time.monotonic() - at > REMEMBERED_SECONDS:
        known[name] = (time.monotonic(), value := ask())
    return value


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[float, float]]:
    """What was counted last, by this process: name to moment (monotonic seconds) and value."""
    return {}
