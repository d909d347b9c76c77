"""API keys: issued once, stored as a keyed hash, told apart by a public id that may be shown and logged."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from core import audit, errors
from core.db.tables import ApiKey, Organization
from core.hashing import keyed_hash

PREFIX = "idm"
PUBLIC_ID = re.compile("[0-9a-f]{16}")
USE_NOTED_EVERY = timedelta(minutes=1)  #: `last_used_at` is no finer, so that a read-only request seldom writes


class Scope(StrEnum):
    """What a key may do."""

    JOBS_WRITE = "jobs:write"  #: upload, erase
    JOBS_READ = "jobs:read"  #: poll, list
    ADMIN = "admin"  #: organizations, keys, subscriptions
    NHN = "nhn"  #: the pair of appKey and secretKey of the NHN dialect


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment when its secret is known. `text` is what the client sends."""

    public_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as one string, 64 characters."""
        return f"{PREFIX}_{self.public_id}_{self.secret}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the organization behind a key, and what the key may do."""

    organization_id: UUID
    key_id: str  #: the key's public id
    scopes: frozenset[str]
    calls_per_minute: int  #: limit of the organization, all its keys together

    def must_have(self, scope: Scope) -> None:
        """Raises `ScopeMissing`."""
        if scope not in self.scopes:
            raise errors.ScopeMissing(f"This API key lacks the scope {scope.value}.")


#: All that is asked about a key in one statement: every call of the API begins with it.
_SHOWN = (
    select(
        ApiKey.id,
        ApiKey.organization_id,
        ApiKey.secret_hash,
        ApiKey.scopes,
        ApiKey.revoked_at,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        Organization.calls_per_minute,
        func.now().label("now"),
    )
    .join(Organization, Organization.id == ApiKey.organization_id)
    .where(ApiKey.public_id == bindparam("shown"))
)


def issue(
    db: Session, organization_id: UUID, *, label: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> IssuedKey:
    """A new key. Its secret is in the answer and nowhere else."""
    issued = IssuedKey(public_id=secrets.token_hex(8), secret=secrets.token_urlsafe(32))
    db.add(
        ApiKey(
            organization_id=organization_id,
            public_id=issued.public_id,
            secret_hash=keyed_hash("api-key", issued.secret),
            label=label,
            scopes=[scope.value for scope in scopes],
            expires_at=expires_at,
        )
    )
    db.flush()
    audit.note(db, audit.Action.KEY_ISSUED, organization_id, issued.public_id)
    return issued


def keys_of(db: Session, organization_id: UUID) -> list[ApiKey]:
    """All keys of an organization, also those that no longer work, oldest first."""
    return list(db.scalars(select(ApiKey).where(ApiKey.organization_id == organization_id).order_by(ApiKey.id)))


def rotate(db: Session, public_id: str, *, grace: timedelta) -> IssuedKey:
    """A second key like this one; the old one works for `grace` longer. Raises `NotFound`."""
    old = _living(db, public_id)
    end = db.scalars(select(func.now() + grace)).one()
    fresh = issue(db, old.organization_id, label=old.label, scopes=map(Scope, old.scopes), expires_at=old.expires_at)
    old.expires_at = min(end, old.expires_at or end)
    audit.note(db, audit.Action.KEY_ROTATED, old.organization_id, public_id)
    return fresh


def expire(db: Session, public_id: str, at: datetime) -> None:
    """Ends a key at a given time. Raises `NotFound`."""
    key = _living(db, public_id)
    key.expires_at = at
    audit.note(db, audit.Action.KEY_EXPIRED, key.organization_id, public_id)


def revoke(db: Session, public_id: str) -> None:
    """Ends a key now, for good. Raises `NotFound`."""
    key = _living(db, public_id)
    key.revoked_at = db.scalars(select(func.now())).one()
    audit.note(db, audit.Action.KEY_REVOKED, key.organization_id, public_id)


def authenticate(db: Session, text: str) -> Caller:
    """The caller behind a key as `issue` gave it. Raises `KeyRefused`, the same way whatever is wrong."""
    prefix, _, rest = text.partition("_")
    public_id, _, secret = rest.partition("_")
    if prefix != PREFIX:
        raise errors.KeyRefused
    return authenticate_pair(db, public_id, secret)


def authenticate_pair(db: Session, public_id: str, secret: str) -> Caller:
    """The caller behind a public id and its secret. Raises `KeyRefused`."""
    if not PUBLIC_ID.fullmatch(public_id):
        raise errors.KeyRefused
    key = db.execute(_SHOWN, {"shown": public_id}).one_or_none()
    expected = key.secret_hash if key else bytes(32)
    is_right = hmac.compare_digest(expected, keyed_hash("api-key", secret))
    if key is None or not is_right or key.revoked_at or (key.expires_at and key.expires_at <= key.now):
        raise errors.KeyRefused
    if key.last_used_at is None or key.last_used_at < key.now - USE_NOTED_EVERY:
        _note_use(db, key.id)
    return Caller(key.organization_id, public_id, frozenset(key.scopes), key.calls_per_minute)


def _living(db: Session, public_id: str) -> ApiKey:
    key = db.scalar(select(ApiKey).where(ApiKey.public_id == public_id, ApiKey.revoked_at.is_(None)).with_for_update())
    if key is None:
        raise errors.NotFound("There is no living key with this public id.")
    return key


def _note_use(db: Session, key_id: UUID) -> None:
    is_old = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - USE_NOTED_EVERY)
    db.execute(update(ApiKey).where(ApiKey.id == key_id, is_old).values(last_used_at=func.now()))
