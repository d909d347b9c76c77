"""Deliveries: one event on its way to one endpoint, every move one guarded statement. Dials nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core import broker, errors, tracing, webhooks
from core.db.tables import Event, Job, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.identifiers import new_id
from core.webhooks import DisabledFor, Format

DISABLED_AFTER = timedelta(hours=120)  #: of nothing but failures; as Svix does
MOST_AT_A_FAILING_ENDPOINT = 2  #: requests at a time, so that one dead receiver cannot hold every sender
MOST_REDELIVERED = 10_000  #: events of one call
LONG_AGO = timedelta(hours=1)


class DeliveryState(StrEnum):
    """Where one delivery stands."""

    WAITING = "waiting"  #: due at `next_attempt_at`
    SENDING = "sending"  #: a sender holds it until its lease ends
    DELIVERED = "delivered"  #: answered 2xx
    FAILED = "failed"  #: given up; can be redelivered by hand


ENDED = (DeliveryState.DELIVERED, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in the hands of one sender, with all it needs to send it."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    event: Event
    job: Job | None
    now: datetime  #: by Postgres


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one HTTP request."""

    milliseconds: int
    status: int | None = None  #: None: no answer
    answer: str = field(default="", repr=False)  #: its first characters
    error: str | None = None  #: a stable word; None: delivered
    retry_after: timedelta | None = None  #: as the receiver asked


def fan_out(db: Session, event: Event) -> None:
    """Makes the deliveries of an event, in its own transaction: one for each enabled endpoint that wants its type."""
    wants = or_(func.cardinality(WebhookEndpoint.events) == 0, WebhookEndpoint.events.contains([event.type]))
    mine = (WebhookEndpoint.organization_id == event.organization_id, WebhookEndpoint.url.is_not(None))
    query = select(WebhookEndpoint.id).where(*mine, WebhookEndpoint.is_enabled, wants)
    if event.job_id is None:
        query = query.where(WebhookEndpoint.format != Format.BIOMETRIC)
    # the lock keeps an endpoint from being deleted between this and the insert
    add(db, event, db.scalars(query.with_for_update(read=True, key_share=True)).all())


def call_back(db: Session, event: Event, url: str) -> None:
    """Makes the delivery of a job's event to the URL that came with the job."""
    add(db, event, [webhooks.for_callbacks(db, event.organization_id)], url=url)


def add(db: Session, event: Event, endpoint_ids: Iterable[UUID], *, url: str | None = None) -> None:
    """Makes deliveries of one event to these endpoints and sends their messages after the commit."""
    made = [
        WebhookDelivery(
            id=new_id(),
            organization_id=event.organization_id,
            endpoint_id=endpoint_id,
            event_id=event.id,
            url=url,
            state=DeliveryState.WAITING.value,
            trace=tracing.current(),
        )
        for endpoint_id in endpoint_ids
    ]
    db.add_all(made)
    db.flush()
    for delivery in made:
        broker.enqueue(db, broker.TaskName.SEND_WEBHOOK, delivery.id)


def claim(db: Session, delivery_id: UUID, *, lease: timedelta) -> Claimed | None:
    """Takes a due delivery for one sender; None when it is not due, its endpoint is off, or somebody was faster."""
    other = aliased(WebhookDelivery)
    held = select(func.count()).where(
        other.endpoint_id == WebhookDelivery.endpoint_id, other.state == DeliveryState.SENDING
    )
    has_room = or_(
        WebhookEndpoint.failing_since.is_(None),
        held.correlate(WebhookDelivery).scalar_subquery() < MOST_AT_A_FAILING_ENDPOINT,
    )
    may_send = exists().where(WebhookEndpoint.id == WebhookDelivery.endpoint_id, WebhookEndpoint.is_enabled, has_room)
    is_due = (WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.next_attempt_at <= func.now())
    delivery = _move(
        db,
        (WebhookDelivery.id == delivery_id, *is_due, may_send),
        state=DeliveryState.SENDING.value,
        lease_token=uuid4(),
        lease_until=func.now() + lease,
        tries=WebhookDelivery.tries + 1,
        attempts=WebhookDelivery.attempts + 1,
    )
    if delivery is None:
        return None
    endpoint = db.get_one(WebhookEndpoint, delivery.endpoint_id)
    event = db.get_one(Event, delivery.event_id)
    job = None if event.job_id is None else db.get_one(Job, event.job_id)
    return Claimed(delivery, endpoint, event, job, db.scalars(select(func.now())).one())


def succeed(db: Session, claimed: WebhookDelivery, outcome: Outcome) -> None:
    """Ends a claimed delivery. One success clears the record of its endpoint. Raises `MoveRefused`."""
    _end(db, claimed, DeliveryState.DELIVERED, outcome)
    was_failing = (WebhookEndpoint.id == claimed.endpoint_id, WebhookEndpoint.failing_since.is_not(None))
    db.execute(update(WebhookEndpoint).where(*was_failing).values(failing_since=None))


def try_again(db: Session, claimed: WebhookDelivery, outcome: Outcome, *, pause: timedelta) -> None:
    """Puts a claimed delivery back, due after `pause`. Raises `MoveRefused` when the lease is lost."""
    values = {"next_attempt_at": func.now() + pause, "sends": 0, "sent_at": func.now() - LONG_AGO}
    if _move(db, _holds(claimed), state=DeliveryState.WAITING.value, **_no_lease(), **values) is None:
        raise errors.MoveRefused
    _log(db, claimed, outcome)
    _note_failure(db, claimed)


def give_up(db: Session, claimed: WebhookDelivery, outcome: Outcome, *, disable: DisabledFor | None = None) -> None:
    """Ends a claimed delivery that did not arrive, and its endpoint with it where one is told why."""
    _end(db, claimed, DeliveryState.FAILED, outcome)
    if disable is not None:
        _disable(db, claimed.endpoint_id, disable)
    _note_failure(db, claimed)


def redeliver(db: Session, organization_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> None:
    """Sends one delivery again, now, with a fresh schedule; one on its way is left alone. Raises `NotFound`."""
    mine = (WebhookDelivery.organization_id == organization_id, WebhookDelivery.endpoint_id == endpoint_id)
    if db.scalar(select(WebhookDelivery.id).where(WebhookDelivery.id == delivery_id, *mine)) is None:
        raise errors.NotFound
    resting = WebhookDelivery.state != DeliveryState.SENDING
    if _move(db, (WebhookDelivery.id == delivery_id, resting), **_afresh()) is not None:
        broker.enqueue(db, broker.TaskName.SEND_WEBHOOK, delivery_id)


def redeliver_range(
    db: Session,
    organization_id: UUID,
    endpoint_id: UUID,
    *,
    since: datetime,
    until: datetime | None,
    only_undelivered: bool,
) -> int:
    """Sends again what happened from `since` to before `until`, also what the endpoint was never sent; how many.

    The sweeper sends them, oldest first. Raises `NotFound`, and `RequestInvalid` for more than `MOST_REDELIVERED`.
    """
    endpoint = webhooks.get(db, organization_id, endpoint_id)
    event_ids = _events_between(db, endpoint, since, until)
    if len(event_ids) > MOST_REDELIVERED:
        raise errors.RequestInvalid(f"until: more than {MOST_REDELIVERED} events; ask for a shorter time.")
    if not event_ids:
        return 0
    rows = [
        {
            "id": new_id(),
            "organization_id": organization_id,
            "endpoint_id": endpoint_id,
            "event_id": event_id,
            "sends": 0,
            "state": DeliveryState.WAITING.value,
        }
        for event_id in event_ids
    ]
    resting = [DeliveryState.FAILED] if only_undelivered else [*ENDED, DeliveryState.WAITING]
    again = insert(WebhookDelivery).values(rows)
    statement = again.on_conflict_do_update(
        index_elements=[WebhookDelivery.endpoint_id, WebhookDelivery.event_id],
        set_=_afresh() | {"sends": 0, "sent_at": func.now() - LONG_AGO},
        where=WebhookDelivery.state.in_(resting),
    )
    return len(db.scalars(statement.returning(WebhookDelivery.id)).all())


def page(
    db: Session, organization_id: UUID, endpoint_id: UUID, *, before: UUID | None, limit: int
) -> list[tuple[WebhookDelivery, Event, list[WebhookAttempt]]]:
    """Up to `limit` deliveries of an endpoint, newest first, each with its event and its log. Raises `NotFound`."""
    webhooks.get(db, organization_id, endpoint_id)
    query = select(WebhookDelivery, Event).join(Event, Event.id == WebhookDelivery.event_id)
    query = query.where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    rows = db.execute(query.order_by(WebhookDelivery.id.desc()).limit(limit)).all()
    logged = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_([delivery.id for delivery, _ in rows]))
    logs: dict[UUID, list[WebhookAttempt]] = {}
    for attempt in db.scalars(logged.order_by(WebhookAttempt.number)):
        logs.setdefault(attempt.delivery_id, []).append(attempt)
    return [(delivery, event, logs.get(delivery.id, [])) for delivery, event in rows]


def lost(db: Session, *, limit: int) -> list[WebhookDelivery]:
    """Deliveries whose sender went silent."""
    is_lost = (WebhookDelivery.state == DeliveryState.SENDING, WebhookDelivery.lease_until < func.now())
    return list(db.scalars(select(WebhookDelivery).where(*is_lost).order_by(WebhookDelivery.lease_until).limit(limit)))


def due() -> tuple[Any, ...]:
    """The condition for deliveries that should be on their way."""
    is_on = exists().where(WebhookEndpoint.id == WebhookDelivery.endpoint_id, WebhookEndpoint.is_enabled)
    return (WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.next_attempt_at <= func.now(), is_on)


def _events_between(db: Session, endpoint: WebhookEndpoint, since: datetime, until: datetime | None) -> list[UUID]:
    if endpoint.url is None:
        sent = select(WebhookDelivery.event_id).where(WebhookDelivery.endpoint_id == endpoint.id)
        query = select(Event.id).where(Event.id.in_(sent), Event.at >= since)
    else:
        query = select(Event.id).where(Event.organization_id == endpoint.organization_id, Event.at >= since)
        query = query.where(Event.type.in_(endpoint.events)) if endpoint.events else query
        query = query.where(Event.job_id.is_not(None)) if endpoint.format == Format.BIOMETRIC else query
    if until is not None:
        query = query.where(Event.at < until)
    return list(db.scalars(query.order_by(Event.sequence).limit(MOST_REDELIVERED + 1)))


def _end(db: Session, claimed: WebhookDelivery, state: DeliveryState, outcome: Outcome) -> None:
    if _move(db, _holds(claimed), state=state.value, finished_at=func.now(), **_no_lease()) is None:
        raise errors.MoveRefused
    _log(db, claimed, outcome)


def _log(db: Session, claimed: WebhookDelivery, outcome: Outcome) -> None:
    db.add(
        WebhookAttempt(
            delivery_id=claimed.id,
            number=claimed.attempts,
            status=outcome.status,
            milliseconds=outcome.milliseconds,
            answer=outcome.answer,
            error=outcome.error,
        )
    )


def _note_failure(db: Session, claimed: WebhookDelivery) -> None:
    """Nothing but failures for too long ends an endpoint. The one for callbacks stands for many receivers: it stays."""
    mine = (WebhookEndpoint.id == claimed.endpoint_id, WebhookEndpoint.url.is_not(None))
    since = func.coalesce(WebhookEndpoint.failing_since, func.now())
    db.execute(update(WebhookEndpoint).where(*mine).values(failing_since=since))
    if db.scalar(select(exists().where(*mine, WebhookEndpoint.failing_since < func.now() - DISABLED_AFTER))):
        _disable(db, claimed.endpoint_id, DisabledFor.ONLY_FAILURES)


def _disable(db: Session, endpoint_id: UUID, reason: DisabledFor) -> None:
    mine = (WebhookEndpoint.id == endpoint_id, WebhookEndpoint.is_enabled, WebhookEndpoint.url.is_not(None))
    db.execute(update(WebhookEndpoint).where(*mine).values(is_enabled=False, disabled_reason=reason.value))


def _afresh() -> dict[str, Any]:
    return {
        "state": DeliveryState.WAITING.value,
        "tries": 0,
        "next_attempt_at": func.now(),
        "finished_at": None,
        "sent_at": func.now(),
        "sends": 1,
    }


def _no_lease() -> dict[str, Any]:
    return {"lease_token": None, "lease_until": None}


def _holds(claimed: WebhookDelivery) -> tuple[Any, ...]:
    return (WebhookDelivery.id == claimed.id, WebhookDelivery.lease_token == claimed.lease_token)


def _move(db: Session, guard: tuple[Any, ...], **values: Any) -> WebhookDelivery | None:
    """One guarded UPDATE; None when the row was not in a state that allows it."""
    statement = update(WebhookDelivery).where(*guard).values(**values).returning(WebhookDelivery)
    return db.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
