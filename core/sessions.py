"""Sessions: one person's try to get one document read, over as many jobs as it takes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core import errors, events
from core.db.tables import Job, ReadingSession
from core.documents import DocumentKind
from core.states import OPEN, Status


def get(db: Session, organization_id: UUID, session_id: UUID) -> ReadingSession:
    """One session. Raises `NotFound`, also for another organization's."""
    return _one(db, organization_id, session_id, lock=False)


def jobs_of(db: Session, session: ReadingSession) -> list[Job]:
    """The jobs of a session, first attempt first."""
    return list(db.scalars(select(Job).where(Job.session_id == session.id).order_by(Job.attempt)))


def start(db: Session, organization_id: UUID, document: DocumentKind, end_client: bytes | None) -> ReadingSession:
    """A new session without attempts."""
    session = ReadingSession(
        organization_id=organization_id,
        document=document.value,
        status=Status.CREATED.value,
        end_client=end_client,
        attempts=0,
    )
    db.add(session)
    db.flush()
    return session


def reopen(db: Session, organization_id: UUID, session_id: UUID, document: DocumentKind) -> ReadingSession:
    """A session for one more attempt, locked. Raises `NotFound`, `SessionClosed`, `RequestInvalid`."""
    session = _one(db, organization_id, session_id, lock=True)
    if session.status == Status.RECEIVED:
        raise errors.SessionClosed
    if session.document != document:
        raise errors.RequestInvalid(f"This session is for document={session.document}; send that, or start a new one.")
    session.status = Status.CREATED.value
    session.finished_at = None
    return session


def lock(db: Session, session_id: UUID) -> ReadingSession:
    """The session's row, locked. Always taken before the lock on one of its jobs."""
    return db.scalars(select(ReadingSession).where(ReadingSession.id == session_id).with_for_update()).one()


def settle(db: Session, session: ReadingSession, job_status: Status) -> None:
    """Moves a locked session after the end of one of its jobs: received at once, failed when no attempt is open."""
    if session.status == Status.RECEIVED:
        return
    if job_status is Status.RECEIVED:
        _finish(db, session, Status.RECEIVED)
    elif not db.scalar(select(exists().where(Job.session_id == session.id, Job.state.in_(OPEN)))):
        _finish(db, session, Status.FAILED)


def _finish(db: Session, session: ReadingSession, status: Status) -> None:
    session.status = status.value
    session.finished_at = db.scalars(select(func.now())).one()
    events.session_finished(db, session)


def _one(db: Session, organization_id: UUID, session_id: UUID, *, lock: bool) -> ReadingSession:
    query = select(ReadingSession).where(
        ReadingSession.id == session_id, ReadingSession.organization_id == organization_id
    )
    session = db.scalar(query.with_for_update() if lock else query)
    if session is None:
        raise errors.NotFound
    return session
