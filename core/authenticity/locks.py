"""The lock on a person's card after too many wrong issue dates, as the ministry's register has it, per organization."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit, errors
from core.authenticity.claims import Claim
from core.db.tables import AuthenticityLock
from core.documents import DocumentType
from core.hashing import keyed_hash

MOST_WRONG_DATES = 5


def must_be_open(db: Session, claim: Claim) -> None:
    """Raises `CheckLocked`. Only resident cards are ever locked."""
    if claim.document_type is not DocumentType.RESIDENT_CARD:
        return
    mine = (AuthenticityLock.organization_id == claim.organization_id, AuthenticityLock.subject == _subject(claim))
    if db.scalar(select(AuthenticityLock.id).where(*mine, AuthenticityLock.locked_at.is_not(None))):
        raise errors.CheckLocked


def note(db: Session, claim: Claim, job_id: UUID, *, has_wrong_date: bool, is_authentic: bool) -> None:
    """Counts a wrong issue date; a right answer clears the count."""
    if claim.document_type is not DocumentType.RESIDENT_CARD:
        return
    if has_wrong_date:
        _count(db, claim, job_id)
    elif is_authentic:
        mine = (AuthenticityLock.organization_id == claim.organization_id, AuthenticityLock.subject == _subject(claim))
        db.execute(delete(AuthenticityLock).where(*mine, AuthenticityLock.locked_at.is_(None)))


def of_organization(db: Session, organization_id: UUID) -> list[AuthenticityLock]:
    """Everybody who gave a wrong date since the last right one, locked or not, the newest first."""
    mine = select(AuthenticityLock).where(AuthenticityLock.organization_id == organization_id)
    return list(db.scalars(mine.order_by(AuthenticityLock.updated_at.desc(), AuthenticityLock.id)))


def unlock(db: Session, lock_id: UUID) -> None:
    """Forgets the wrong dates. Raises `NotFound`."""
    gone = delete(AuthenticityLock).where(AuthenticityLock.id == lock_id).returning(AuthenticityLock.organization_id)
    organization_id = db.scalar(gone)
    if organization_id is None:
        raise errors.NotFound("There is no lock with this id.")
    audit.note(db, audit.Action.LOCK_REMOVED, organization_id, lock_id)


def unlock_person(db: Session, organization_id: UUID, resident_number: str) -> None:
    """Forgets the wrong dates for one person's card, by its 13 digits. Raises `NotFound`."""
    subject = _hash(organization_id, resident_number)
    mine = (AuthenticityLock.organization_id == organization_id, AuthenticityLock.subject == subject)
    lock_id = db.scalar(delete(AuthenticityLock).where(*mine).returning(AuthenticityLock.id))
    if lock_id is None:
        raise errors.NotFound("No wrong dates are counted for this number.")
    audit.note(db, audit.Action.LOCK_REMOVED, organization_id, lock_id)


def _count(db: Session, claim: Claim, job_id: UUID) -> None:
    first = insert(AuthenticityLock).values(
        id=func.gen_random_uuid(),
        organization_id=claim.organization_id,
        subject=_subject(claim),
        wrong_dates=1,
        last_job_id=job_id,
    )
    count = AuthenticityLock.wrong_dates + 1
    reached = case((count >= MOST_WRONG_DATES, func.coalesce(AuthenticityLock.locked_at, func.now())), else_=None)
    db.execute(
        first.on_conflict_do_update(
            index_elements=["organization_id", "subject"],
            set_={
                "wrong_dates": count,
                "locked_at": reached,
                "last_job_id": first.excluded.last_job_id,
                "updated_at": func.now(),
            },
        )
    )


def _subject(claim: Claim) -> bytes:
    return _hash(claim.organization_id, claim.number)


def _hash(organization_id: UUID, resident_number: str) -> bytes:
    return keyed_hash(f"authenticity-lock|{organization_id}", resident_number)
