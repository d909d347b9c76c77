"""How much waits for a worker and how long that takes: a job's place in the queue, as its client is told."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Job
from core.states import JobState
from core.transaction import for_everybody

FARTHEST = 200  #: places are counted up to here; a farther one is told as this
PACE_WINDOW = timedelta(seconds=60)
REFRESH_SECONDS = 2.0  #: what concerns everybody is counted no more often than this
MOST_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open job stands."""

    position: int  #: jobs that are taken before it, as far as can be told; 0 once a worker has it
    expected_seconds: int | None  #: until its outcome, at the pace of the last minute; None while that is unknown

    @property
    def retry_seconds(self) -> int:
        """When it is worth asking again, 1 to 30 s."""
        guess = 1 + self.position // 10 if self.expected_seconds is None else self.expected_seconds
        return max(1, min(guess, MOST_RETRY_SECONDS))


@dataclass(slots=True)
class _Known:
    """What concerns everybody, as last counted by this process."""

    at: float = -math.inf  #: monotonic seconds
    waiting: dict[UUID, int] = field(default_factory=dict)  #: queued jobs by organization
    pace: float = 0.0  #: outcomes a second, of everybody


def place(db: Session, job: Job) -> Place | None:
    """The place of a job; None once it has an outcome."""
    if not job.is_open:
        return None
    known = _refreshed(db)
    position = _position(db, job, known) if job.state == JobState.QUEUED else 0
    return Place(position, math.ceil((position + 1) / known.pace) if known.pace else None)


def _position(db: Session, job: Job, known: _Known) -> int:
    """Organizations take turns: before this job go the earlier ones of its own, and as many of each other one."""
    mine = (Job.organization_id == job.organization_id, Job.state == JobState.QUEUED, Job.id < job.id)
    earlier = select(Job.id).where(*mine).limit(FARTHEST).subquery()
    own = db.scalars(select(func.count()).select_from(earlier)).one()
    others = (count for organization_id, count in known.waiting.items() if organization_id != job.organization_id)
    return min(FARTHEST, own + sum(min(count, own + 1) for count in others))


def _refreshed(db: Session) -> _Known:
    known = _known()
    if time.monotonic() - known.at >= REFRESH_SECONDS:
        known.at = time.monotonic()
        waiting = select(Job.organization_id, func.count()).where(Job.state == JobState.QUEUED)
        lately = select(func.count()).where(Job.finished_at > func.now() - PACE_WINDOW)
        with for_everybody(db):
            known.waiting = {row[0]: row[1] for row in db.execute(waiting.group_by(Job.organization_id))}
            known.pace = db.scalars(lately).one() / PACE_WINDOW.total_seconds()
    return known


@lru_cache(maxsize=1)
def _known() -> _Known:
    return _Known()
