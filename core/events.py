"""Events: what happened, in order, per organization. Written in the transaction that made it happen."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from core.db.tables import Event, Job, Organization, ReadingSession
from core.states import Status

FINISHED_CHANNEL = "idmill_finished"  #: Postgres notification; its payload is a job id


class EventType(StrEnum):
    """What clients can be told."""

    JOB_RECEIVED = "job.received"
    JOB_FAILED = "job.failed"
    SESSION_RECEIVED = "session.received"
    SESSION_FAILED = "session.failed"


def job_finished(db: Session, job: Job, status: Status) -> None:
    """Records the end of a job and wakes whoever waits for it once the transaction stands."""
    kind = EventType.JOB_RECEIVED if status is Status.RECEIVED else EventType.JOB_FAILED
    _append(db, kind, status, organization_id=job.organization_id, session_id=job.session_id, job_id=job.id)
    wake(db, job.id)


def session_finished(db: Session, session: ReadingSession) -> None:
    """Records that a session has its document, or that its last attempt failed."""
    kind = EventType.SESSION_RECEIVED if session.status == Status.RECEIVED else EventType.SESSION_FAILED
    _append(db, kind, Status(session.status), organization_id=session.organization_id, session_id=session.id)


def wake(db: Session, job_id: UUID) -> None:
    """Wakes the clients that wait for this job, on every API process, when the transaction commits."""
    db.execute(text("SELECT pg_notify(:channel, :job)"), {"channel": FINISHED_CHANNEL, "job": str(job_id)})


def _append(
    db: Session,
    kind: EventType,
    status: Status,
    *,
    organization_id: UUID,
    session_id: UUID,
    job_id: UUID | None = None,
) -> None:
    take_number = update(Organization).where(Organization.id == organization_id)
    number = db.execute(
        take_number.values(event_sequence=Organization.event_sequence + 1).returning(Organization.event_sequence)
    ).scalar_one()
    db.add(
        Event(
            organization_id=organization_id,
            sequence=number,
            type=kind.value,
            status=status.value,
            session_id=session_id,
            job_id=job_id,
        )
    )
