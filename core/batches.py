"""Batches: several uploads in one request, their progress, and the moment when all have their outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import errors, events, vault
from core.db.tables import Batch, BatchItem, Job
from core.identifiers import new_id


def start(db: Session, organization_id: UUID, names: Sequence[str]) -> Batch:
    """A batch with one open item for each file name. Names are kept sealed."""
    batch_id = new_id()
    key_id, data_key, sealed_names = _sealed(organization_id, batch_id, names)
    batch = Batch(
        id=batch_id,
        organization_id=organization_id,
        key_id=key_id,
        data_key=data_key,
        names=sealed_names,
        total=len(names),
        open=len(names),
    )
    db.add(batch)
    db.flush()
    return batch


def note_job(db: Session, batch: Batch, position: int, job: Job) -> None:
    """The item at this position became a job."""
    db.add(BatchItem(batch_id=batch.id, position=position, job_id=job.id))


def note_refusal(db: Session, batch: Batch, position: int, refused: errors.IdmillError) -> None:
    """The item at this position became no job. When it was the last open one, the batch is finished."""
    refusal = {"code": refused.code, "detail": str(refused)}
    db.add(BatchItem(batch_id=batch.id, position=position, refusal=refusal))
    db.flush()
    finished = _count_down(db, batch.id)
    if finished is not None:
        events.batch_finished(db, finished)


def count_down(db: Session, job: Job) -> Batch | None:
    """One open item less, for the end of a job; its batch when that was the last one. Before events are written."""
    return None if job.batch_id is None else _count_down(db, job.batch_id)


def forget_name(db: Session, job: Job) -> None:
    """A job is erased: its file's name goes too, and what shows of it in its batch has changed.

    The other names get a new key, so that no copy of the old one opens them in here.
    """
    if job.batch_id is None:
        return
    batch = db.scalars(select(Batch).where(Batch.id == job.batch_id).with_for_update()).one()
    batch.version += 1
    if not batch.data_key:  # they are all forgotten
        return
    position = db.scalar(select(BatchItem.position).where(BatchItem.job_id == job.id))
    names = names_of(batch)
    names[position or 0] = ""
    batch.key_id, batch.data_key, batch.names = _sealed(batch.organization_id, batch.id, names)
    db.flush()


def get(db: Session, organization_id: UUID, batch_id: UUID) -> Batch:
    """One batch. Raises `NotFound`, also for another organization's."""
    batch = db.scalar(select(Batch).where(Batch.id == batch_id, Batch.organization_id == organization_id))
    if batch is None:
        raise errors.NotFound
    return batch


def items_of(db: Session, batch: Batch) -> list[tuple[BatchItem, Job | None]]:
    """The items of a batch as they came, each with its job where it has one."""
    query = select(BatchItem, Job).outerjoin(Job, Job.id == BatchItem.job_id).where(BatchItem.batch_id == batch.id)
    return [(item, job) for item, job in db.execute(query.order_by(BatchItem.position))]


def names_of(batch: Batch) -> list[str]:
    """The file names, as they came; empty where they were forgotten."""
    if not batch.data_key:
        return [""] * batch.total
    place = f"{batch.organization_id}|{batch.id}"
    key = vault.vault().unwrap(batch.key_id, batch.data_key, f"{place}|key")
    names: list[str] = json.loads(vault.unseal(key, batch.names, f"{place}|names"))
    return names


def forget_old_names(db: Session, organization_id: UUID, *, before: datetime, limit: int) -> None:
    """Forgets the file names of batches that finished before this time."""
    old = select(Batch).where(
        Batch.organization_id == organization_id, Batch.finished_at < before, func.length(Batch.data_key) > 0
    )
    for batch in db.scalars(old.order_by(Batch.id).limit(limit).with_for_update(skip_locked=True)):
        batch.data_key, batch.names, batch.version = b"", b"", batch.version + 1


def _sealed(organization_id: UUID, batch_id: UUID, names: Sequence[str]) -> tuple[str, bytes, bytes]:
    """Key id, wrapped key and sealed names."""
    key = vault.vault().new_key(f"{organization_id}|{batch_id}|key")
    sealed = vault.seal(key.plain, json.dumps(list(names)).encode(), f"{organization_id}|{batch_id}|names")
    return key.key_id, key.wrapped, sealed


def _count_down(db: Session, batch_id: UUID) -> Batch | None:
    less = update(Batch).where(Batch.id == batch_id).values(open=Batch.open - 1, version=Batch.version + 1)
    batch = db.scalars(less.returning(Batch), execution_options={"populate_existing": True}).one()
    if batch.open > 0:
        return None
    batch.finished_at = db.scalars(select(func.now())).one()
    return batch
