"""Back-pressure: whether one more upload can be taken now, decided from the rows in Postgres and the free disk."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import errors, storage
from core.db.tables import Job, Organization
from core.settings import settings
from core.states import OPEN
from core.transaction import for_everybody

REFRESH_SECONDS = 1.0
PACE_WINDOW = timedelta(seconds=30)
LEAST_RETRY_SECONDS, MOST_RETRY_SECONDS = 2, 60


@dataclass(slots=True)
class Backlog:
    """Jobs without an outcome, as last counted, plus what this process has taken since."""

    at: float = -math.inf  #: monotonic seconds
    total: int = 0
    of: Counter[UUID] = field(default_factory=Counter)
    most_of: dict[UUID, int] = field(default_factory=dict)  #: limits of organizations
    pace: float = 0.0  #: outcomes a second, of everybody


def must_have_room(db: Session, organization_id: UUID) -> None:
    """Raises `TooManyOpenJobs` or `TemporarilyUnavailable`, each with the time after which to try again."""
    must_have_disk()
    backlog = _backlog(db)
    if backlog.total >= settings().max_backlog:
        raise errors.TemporarilyUnavailable(
            "Too many uploads of everybody wait already; nothing was stored.",
            retry_seconds=_until_gone(backlog, backlog.total - settings().max_backlog + 1),
        )
    most = _limit(db, backlog, organization_id)
    if backlog.of[organization_id] >= most:
        excess = backlog.of[organization_id] - most + 1
        raise errors.TooManyOpenJobs(retry_seconds=_until_gone(backlog, excess * max(1, len(backlog.of))))


def note_accepted(organization_id: UUID) -> None:
    """Counts an upload that this process has taken since the last look at Postgres."""
    _known().total += 1
    _known().of[organization_id] += 1


def must_have_disk() -> None:
    """Raises `TemporarilyUnavailable` while less than the floor is free where pictures are kept."""
    free = storage.blobs().free_bytes()
    if free is not None and free < settings().disk_floor_bytes:
        raise storage.StorageFailed(retry_seconds=storage.RETRY_SECONDS)


def _until_gone(backlog: Backlog, jobs: int) -> int:
    """Seconds until so many jobs have ended, at the present pace."""
    seconds = jobs / backlog.pace if backlog.pace else MOST_RETRY_SECONDS
    return max(LEAST_RETRY_SECONDS, min(MOST_RETRY_SECONDS, math.ceil(seconds)))


def _backlog(db: Session) -> Backlog:
    """The count of the last second. One request counts, the others go on with what is known."""
    known = _known()
    if time.monotonic() - known.at >= REFRESH_SECONDS and _counting().acquire(blocking=False):
        try:
            _count(db, known)
        finally:
            _counting().release()
    return known


def _count(db: Session, known: Backlog) -> None:
    by_organization = select(Job.organization_id, func.count()).where(Job.state.in_(OPEN)).group_by(Job.organization_id)
    lately = select(func.count()).where(Job.finished_at > func.now() - PACE_WINDOW)
    with for_everybody(db):
        counted = Counter({row[0]: row[1] for row in db.execute(by_organization)})
        known.pace = db.scalars(lately).one() / PACE_WINDOW.total_seconds()
    known.of, known.total, known.at = counted, counted.total(), time.monotonic()
    known.most_of.clear()


def _limit(db: Session, known: Backlog, organization_id: UUID) -> int:
    if organization_id not in known.most_of:
        limit = select(Organization.most_open_jobs).where(Organization.id == organization_id)
        known.most_of[organization_id] = db.scalars(limit).one()
    return known.most_of[organization_id]


@lru_cache(maxsize=1)
def _known() -> Backlog:
    return Backlog()


@lru_cache(maxsize=1)
def _counting() -> threading.Lock:
    return threading.Lock()
