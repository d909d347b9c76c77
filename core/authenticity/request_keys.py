"""Request keys: the right to one answer about one reading, for an hour, for the organization that had it read."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from core import errors
from core.db.tables import Job, RequestKey
from core.hashing import keyed_hash

VALID = timedelta(hours=1)  # the service's own limit
HELD = timedelta(seconds=60)  #: a check that takes longer has died with its process


def issue(db: Session, job: Job) -> str:
    """A new request key for a reading; its text is in this answer and nowhere else."""
    text = secrets.token_urlsafe(32)
    db.add(
        RequestKey(
            organization_id=job.organization_id,
            job_id=job.id,
            text_hash=_hash(text),
            expires_at=func.now() + VALID,
        )
    )
    return text


def take(db: Session, organization_id: UUID, text: str) -> RequestKey:
    """Holds a request key while its question is answered, so that a second call at the same time is refused.

    Raises `CheckKeyRefused`, the same way whatever is wrong.
    """
    guard = (
        RequestKey.organization_id == organization_id,
        RequestKey.text_hash == _hash(text),
        RequestKey.used_at.is_(None),
        RequestKey.expires_at > func.now(),
        or_(RequestKey.held_until.is_(None), RequestKey.held_until < func.now()),
    )
    held = update(RequestKey).where(*guard).values(held_until=func.now() + HELD).returning(RequestKey)
    key = db.scalars(held).one_or_none()
    if key is None:
        raise errors.CheckKeyRefused
    return key


def use(db: Session, key: RequestKey) -> None:
    """Uses a held key up: its question was answered."""
    db.execute(update(RequestKey).where(RequestKey.id == key.id).values(used_at=func.now(), held_until=None))


def give_back(db: Session, key: RequestKey) -> None:
    """Lets a held key be used again: there was no answer."""
    db.execute(update(RequestKey).where(RequestKey.id == key.id, RequestKey.used_at.is_(None)).values(held_until=None))


def forget_expired(db: Session, *, limit: int) -> None:
    """Forgets up to `limit` keys that ended an hour ago."""
    over = select(RequestKey.id).where(RequestKey.expires_at < func.now() - VALID).limit(limit)
    db.execute(delete(RequestKey).where(RequestKey.id.in_(over.scalar_subquery())))


def _hash(text: str) -> bytes:
    return keyed_hash("request-key", text)
