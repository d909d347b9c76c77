"""Answers to requests that made something, kept for a day, so that the same request with the same key makes it once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session

from core import audit, errors, vault
from core.db.tables import IdempotencyKey
from core.identifiers import new_id

KEPT = timedelta(hours=24)
BUSY_RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, as it went out and will go out again."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


def replay(db: Session, organization_id: UUID, key: str, fingerprint: bytes) -> Answer | None:
    """The answer that this request got before; None when the key is fresh.

    Raises `RequestKeyReused` when it came with another request, `RequestKeyBusy`, and `Erased` when what was made is.
    """
    row = db.scalar(_mine(organization_id, key).where(IdempotencyKey.expires_at > func.now()))
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise errors.RequestKeyReused
    if not row.answer:
        raise errors.Erased
    if row.busy_until is not None and row.busy_until > db.scalars(select(func.now())).one():
        raise errors.RequestKeyBusy(retry_seconds=BUSY_RETRY_SECONDS)
    return _open(row)


def begin(db: Session, organization_id: UUID, key: str, fingerprint: bytes) -> Answer | None:
    """Holds the key until the end of the transaction, then as `replay`; `RequestKeyBusy` while somebody else does."""
    number = hashlib.sha256(f"idempotency|{organization_id}|{key}".encode()).digest()[:8]
    lock = text("SELECT pg_try_advisory_xact_lock(:number)")
    if not db.scalar(lock, {"number": int.from_bytes(number, "big", signed=True)}):
        raise errors.RequestKeyBusy(retry_seconds=BUSY_RETRY_SECONDS)
    return replay(db, organization_id, key, fingerprint)


def keep(
    db: Session,
    organization_id: UUID,
    key: str,
    fingerprint: bytes,
    answer: Answer,
    *,
    job_id: UUID | None = None,
    busy: timedelta | None = None,
) -> None:
    """Keeps the answer in the transaction that makes what it speaks of. Call `begin` before.

    With `busy` a better answer is on its way: until then, or until the time is over, a replay is refused.
    """
    expired = (IdempotencyKey.organization_id == organization_id, IdempotencyKey.key == key)
    db.execute(delete(IdempotencyKey).where(*expired))  # `begin` found none that counts
    row_id = new_id()
    data_key = vault.vault().new_key(f"{organization_id}|{row_id}|key")
    row = IdempotencyKey(
        id=row_id,
        organization_id=organization_id,
        key=key,
        fingerprint=fingerprint,
        job_id=job_id,
        key_id=data_key.key_id,
        data_key=data_key.wrapped,
        answer=_seal(data_key.plain, organization_id, row_id, answer),
        busy_until=None if busy is None else func.now() + busy,
        expires_at=func.now() + KEPT,
    )
    db.add(row)
    db.flush()


def replace(db: Session, organization_id: UUID, key: str, answer: Answer) -> None:
    """Keeps a better answer than the one before, unless what it speaks of was erased meanwhile."""
    row = db.scalar(_mine(organization_id, key).with_for_update())
    if row is not None and row.answer:
        row.answer = _seal(_data_key(row), organization_id, row.id, answer)
        row.busy_until = None


def forget_job(db: Session, job_id: UUID) -> None:
    """Forgets what answers say of a job that is erased; its key is not free again."""
    values = {"answer": b"", "data_key": b"", "busy_until": None}
    db.execute(update(IdempotencyKey).where(IdempotencyKey.job_id == job_id).values(**values))


def forget_expired(db: Session, *, limit: int) -> None:
    """Forgets up to `limit` answers whose day is over."""
    over = select(IdempotencyKey.id).where(IdempotencyKey.expires_at <= func.now()).limit(limit)
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.id.in_(over.scalar_subquery())))


def _seal(data_key: bytes, organization_id: UUID, row_id: UUID, answer: Answer) -> bytes:
    head = json.dumps({"status": answer.status, "headers": answer.headers}).encode()
    return vault.seal(data_key, head + b"\n" + answer.body, f"{organization_id}|{row_id}|answer")


def _open(row: IdempotencyKey) -> Answer:
    plain = vault.unseal(_data_key(row), row.answer, f"{row.organization_id}|{row.id}|answer")
    head, _, body = plain.partition(b"\n")
    if row.job_id is not None:
        audit.note_read(row.organization_id, row.job_id)
    told = json.loads(head)
    return Answer(told["status"], told["headers"], body)


def _data_key(row: IdempotencyKey) -> bytes:
    return vault.vault().unwrap(row.key_id, row.data_key, f"{row.organization_id}|{row.id}|key")


def _mine(organization_id: UUID, key: str) -> Select[IdempotencyKey]:
    return select(IdempotencyKey).where(IdempotencyKey.organization_id == organization_id, IdempotencyKey.key == key)
