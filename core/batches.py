"""Batches: several uploads in one request, their progress, and the moment when all have their outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import errors, events, vault
from core.db.tables import Batch, BatchItem, Job
from core.identifiers import new_id


def start(db: Session, organization_id: UUID, names: Sequence[str]) -> Batch:
    """A batch with one open item for each file name. Names are kept sealed."""
    batch_id = new_id()
    key = vault.vault().new_key(f"{organization_id}|{batch_id}|key")
    sealed = vault.seal(key.plain, json.dumps(list(names)).encode(), f"{organization_id}|{batch_id}|names")
    batch = Batch(
        id=batch_id,
        organization_id=organization_id,
        key_id=key.key_id,
        data_key=key.wrapped,
        names=sealed,
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


def note_change(db: Session, job: Job) -> None:
    """Something about a job changed that shows in its batch."""
    if job.batch_id is not None:
        db.execute(update(Batch).where(Batch.id == job.batch_id).values(version=Batch.version + 1))


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
    """The file names, as they came."""
    place = f"{batch.organization_id}|{batch.id}"
    key = vault.vault().unwrap(batch.key_id, batch.data_key, f"{place}|key")
    names: list[str] = json.loads(vault.unseal(key, batch.names, f"{place}|names"))
    return names


def _count_down(db: Session, batch_id: UUID) -> Batch | None:
    less = update(Batch).where(Batch.id == batch_id).values(open=Batch.open - 1, version=Batch.version + 1)
    batch = db.scalars(less.returning(Batch), execution_options={"populate_existing": True}).one()
    if batch.open > 0:
        return None
    batch.finished_at = db.scalars(select(func.now())).one()
    return batch
