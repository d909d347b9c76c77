"""The audit log: who did what to which row, by ids alone. Written where it is done; nobody changes it afterwards."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.db.tables import AuditEntry
from core.identifiers import first_id, new_id
from core.transaction import EVERYBODY, transaction

MOST_UNWRITTEN = 10_000  #: reads of results that wait to be written down
TRIES = 5  #: of writing down reads, a second apart
GATHER_SECONDS = 0.2
FLUSH_SECONDS = 2.0

log = structlog.get_logger()
_actor: ContextVar[str] = ContextVar("actor", default="idmill")


class Action(StrEnum):
    """What is written down."""

    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_CHANGED = "organization.changed"
    KEY_ISSUED = "key.issued"
    KEY_ROTATED = "key.rotated"
    KEY_EXPIRED = "key.expired"
    KEY_REVOKED = "key.revoked"
    SUBSCRIPTION_CREATED = "subscription.created"
    ENDPOINT_CREATED = "webhook_endpoint.created"
    ENDPOINT_CHANGED = "webhook_endpoint.changed"
    ENDPOINT_REMOVED = "webhook_endpoint.removed"
    SECRET_ROTATED = "webhook_secret.rotated"  # noqa: S105 - a name
    ENVELOPE_KEY_ROTATED = "envelope_key.rotated"
    RESULT_READ = "result.read"
    PICTURE_READ = "picture.read"
    JOB_ERASED = "job.erased"
    JOB_REPLAYED = "job.replayed"
    LOCK_REMOVED = "authenticity_lock.removed"
    REGISTRY_IMPORTED = "registry.imported"
    VAULT_ROTATED = "vault.rotated"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"


def act_as(actor: str) -> None:
    """From here on in this context: `key:PUBLIC_ID`, `operator:USER`, or the name of a process."""
    _actor.set(actor)


def note(db: Session, action: Action, organization_id: UUID | None, subject: object = "") -> None:
    """Writes down what this transaction does. `subject` is an id, never a value of a document or a name."""
    entry = AuditEntry(actor=_actor.get(), action=action.value, organization_id=organization_id, subject=str(subject))
    db.add(entry)


def note_read(organization_id: UUID, job_id: UUID, action: Action = Action.RESULT_READ) -> None:
    """Writes down that somebody was shown what a job holds, within a second and in nobody's way.

    A process that is killed loses what it did not write down yet.
    """
    row = {
        "id": new_id(),
        "actor": _actor.get(),
        "action": action.value,
        "organization_id": organization_id,
        "subject": str(job_id),
    }
    try:
        _reads(os.getpid()).put_nowait(row)
    except queue.Full:
        log.error("audit.reads_lost", count=1)


def page(
    db: Session,
    *,
    organization_id: UUID | None = None,
    action: str | None = None,
    since: datetime | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[AuditEntry]:
    """Up to `limit` entries, oldest first, that follow the entry `after`."""
    query = select(AuditEntry)
    if organization_id is not None:
        query = query.where(AuditEntry.organization_id == organization_id)
    if action is not None:
        query = query.where(AuditEntry.action == action)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if after is not None:
        query = query.where(AuditEntry.id > after)
    return list(db.scalars(query.order_by(AuditEntry.id).limit(limit)))


def forget_old(db: Session, *, days: int, limit: int) -> int:
    """Deletes up to `limit` entries older than so many days, at least 30; how many."""
    end = db.scalars(select(func.now())).one() - timedelta(days=days)
    old = select(AuditEntry.id).where(AuditEntry.id < first_id(end), AuditEntry.at < end).order_by(AuditEntry.id)
    gone = delete(AuditEntry).where(AuditEntry.id.in_(old.limit(limit).scalar_subquery()))
    return len(db.scalars(gone.returning(AuditEntry.id)).all())


def flush(seconds: float = FLUSH_SECONDS) -> bool:
    """Waits until every read is written down, at most so long; True when it is."""
    reads = _reads(os.getpid())
    give_up_at = time.monotonic() + seconds
    while reads.unfinished_tasks and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return not reads.unfinished_tasks


@lru_cache(maxsize=1)
def _reads(_process: int) -> queue.Queue[dict[str, Any]]:
    """The reads of this process that are not written down yet; a forked child begins its own."""
    reads: queue.Queue[dict[str, Any]] = queue.Queue(MOST_UNWRITTEN)
    threading.Thread(target=_write_all, args=(reads,), name="audit", daemon=True).start()
    atexit.register(flush)
    return reads


def _write_all(reads: queue.Queue[dict[str, Any]]) -> None:
    while True:
        rows = [reads.get()]
        time.sleep(GATHER_SECONDS)
        with suppress(queue.Empty):
            while len(rows) < MOST_UNWRITTEN:
                rows.append(reads.get_nowait())
        if not _is_written(rows):
            log.error("audit.reads_lost", count=len(rows))
        for _ in rows:
            reads.task_done()


def _is_written(rows: list[dict[str, Any]]) -> bool:
    for _ in range(TRIES):
        try:
            with transaction(EVERYBODY) as db:
                db.execute(insert(AuditEntry), rows)
        except Exception as error:  # noqa: BLE001 - whatever it is, this thread goes on with the next
            log.warning("audit.not_written", error=type(error).__name__)
            time.sleep(1)
        else:
            return True
    return False
