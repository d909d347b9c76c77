"""Events: what happened, in order, per organization. Written in the transaction that made it happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from core import deliveries
from core.db.tables import Batch, Event, Job, Organization, ReadingSession, WebhookDelivery, WebhookEndpoint
from core.identifiers import first_id
from core.states import Status

FINISHED_CHANNEL = "idmill_finished"  #: Postgres notification; its payload is the id of a job or a batch
FINISHED = "FINISHED"  #: the status of a batch at its end
TEST = "TEST"  #: the status in a test event
EVENTS_CHANNEL = "idmill_events"  #: Postgres notification; its payload is the id of an organization


class EventType(StrEnum):
    """What clients can be told."""

    JOB_RECEIVED = "job.received"
    JOB_FAILED = "job.failed"
    SESSION_RECEIVED = "session.received"
    SESSION_FAILED = "session.failed"
    BATCH_FINISHED = "batch.finished"
    ENDPOINT_TEST = "endpoint.test"  #: made by hand, to try a webhook endpoint


def job_finished(db: Session, job: Job, status: Status) -> None:
    """Records the end of a job and wakes whoever waits for it once the transaction stands."""
    kind = EventType.JOB_RECEIVED if status is Status.RECEIVED else EventType.JOB_FAILED
    event = _append(db, kind, status, job.organization_id, session_id=job.session_id, job_id=job.id)
    deliveries.fan_out(db, event)
    if job.callback_url is not None:
        deliveries.call_back(db, event, job.callback_url)
    wake(db, job.id)


def session_finished(db: Session, session: ReadingSession) -> None:
    """Records that a session has its document, or that its last attempt failed."""
    kind = EventType.SESSION_RECEIVED if session.status == Status.RECEIVED else EventType.SESSION_FAILED
    event = _append(db, kind, session.status, session.organization_id, session_id=session.id)
    deliveries.fan_out(db, event)


def batch_finished(db: Session, batch: Batch) -> None:
    """Records that every item of a batch has its outcome."""
    event = _append(db, EventType.BATCH_FINISHED, FINISHED, batch.organization_id, batch_id=batch.id)
    deliveries.fan_out(db, event)
    wake(db, batch.id)


def endpoint_tested(db: Session, endpoint: WebhookEndpoint) -> Event:
    """An event that goes to one endpoint only, for whoever sets it up."""
    event = _append(db, EventType.ENDPOINT_TEST, TEST, endpoint.organization_id)
    deliveries.add(db, event, [endpoint.id])
    return event


def wake(db: Session, identifier: UUID) -> None:
    """Wakes the clients that wait for this job or batch, on every API process, when the transaction commits."""
    _notify(db, FINISHED_CHANNEL, identifier)


def after(db: Session, organization_id: UUID, sequence: int, *, limit: int) -> list[Event]:
    """Up to `limit` events that follow a number, in order. Numbers are given under a lock: none appears late."""
    mine = select(Event).where(Event.organization_id == organization_id, Event.sequence > sequence)
    return list(db.scalars(mine.order_by(Event.sequence).limit(limit)))


def last_sequence(db: Session, organization_id: UUID) -> int:
    """The number of the newest event; 0 when nothing has happened yet."""
    return db.scalars(select(Organization.event_sequence).where(Organization.id == organization_id)).one()


def forget_old(db: Session, *, days: int, limit: int) -> int:
    """Deletes up to `limit` events older than so many days, with their deliveries; how many."""
    end = db.scalars(select(func.now())).one() - timedelta(days=days)
    old = select(Event.id).where(Event.id < first_id(end), Event.at < end).order_by(Event.id).limit(limit)
    ids = list(db.scalars(old))
    db.execute(delete(WebhookDelivery).where(WebhookDelivery.event_id.in_(ids)))
    db.execute(delete(Event).where(Event.id.in_(ids)))
    return len(ids)


def document(event: Event) -> dict[str, Any]:
    """An event as clients are told it, the same by webhook, stream and poll: ids and a status, no identity data."""
    ids = {"job_id": event.job_id, "session_id": event.session_id, "batch_id": event.batch_id}
    return {
        "id": str(event.id),
        "type": event.type,
        "timestamp": timestamp(event.at),
        "data": {
            "sequence": event.sequence,
            "status": event.status,
            **{name: str(value) for name, value in ids.items() if value is not None},
        },
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _append(
    db: Session,
    kind: EventType,
    status: str,
    organization_id: UUID,
    *,
    session_id: UUID | None = None,
    job_id: UUID | None = None,
    batch_id: UUID | None = None,
) -> Event:
    take_number = update(Organization).where(Organization.id == organization_id)
    number = db.execute(
        take_number.values(event_sequence=Organization.event_sequence + 1).returning(Organization.event_sequence)
    ).scalar_one()
    event = Event(
        organization_id=organization_id,
        sequence=number,
        type=kind.value,
        status=str(status),
        session_id=session_id,
        job_id=job_id,
        batch_id=batch_id,
    )
    db.add(event)
    db.flush()
    _notify(db, EVENTS_CHANNEL, organization_id)
    return event


def _notify(db: Session, channel: str, identifier: UUID) -> None:
    db.execute(text("SELECT pg_notify(:channel, :id)"), {"channel": channel, "id": str(identifier)})
