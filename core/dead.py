"""Jobs that were given up: which there are, and reading one again as a new attempt at its session. Prints nothing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import audit, errors, jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind
from core.states import JobState
from core.subscriptions import Technology


def page(db: Session, *, limit: int) -> list[Job]:
    """Jobs that can be replayed, the oldest first."""
    return list(db.scalars(select(Job).where(*_IS_REPLAYABLE).order_by(Job.id).limit(limit)))


def get(db: Session, job_id: UUID) -> Job:
    """One job that can be replayed. Raises `NotFound`."""
    job = db.scalar(select(Job).where(Job.id == job_id, *_IS_REPLAYABLE))
    if job is None:
        raise errors.NotFound("No job with this id was given up with its picture still kept; `idmill jobs dead` lists.")
    return job


def copy_picture(job: Job) -> sealed.StoredPicture:
    """The picture of a job once more, under a key and for a job of its own."""
    return sealed.store_picture(job.organization_id, sealed.open_picture(job), job.media_type)


def replay(db: Session, job: Job, picture: sealed.StoredPicture) -> Job:
    """A new job for the copied picture of one that was given up: an ended job never runs again.

    Raises `MoveRefused` when it was replayed already, and what `jobs.accept` raises.
    """
    once = update(Job).where(Job.id == job.id, *_IS_REPLAYABLE).values(replayable_until=None).returning(Job.id)
    if db.scalar(once) is None:
        raise errors.MoveRefused("This job was replayed already.")
    wanted = jobs.Request(
        document=DocumentKind(job.document),
        session_id=job.session_id,
        metadata=job.client_metadata,
        technology=Technology(job.technology),
        callback_url=job.callback_url,
    )
    audit.note(db, audit.Action.JOB_REPLAYED, job.organization_id, job.id)
    return jobs.accept(db, picture, wanted)


_IS_REPLAYABLE = (
    Job.state == JobState.FAILED,
    Job.picture_key.is_not(None),
    Job.replayable_until > func.now(),
)
