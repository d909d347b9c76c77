"""How things stand, counted from the rows: backlog, ages, outcomes, deliveries. Nobody's name, number or address."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core import deliveries
from core.db.tables import WebhookAttempt, WebhookDelivery
from core.deliveries import DeliveryState

PRIORITIES = {0: "person", 1: "batch"}  #: words for `core.turns.Priority`


@dataclass(frozen=True, slots=True)
class Open:
    """Jobs without an outcome, of one state and priority."""

    state: str
    priority: str
    count: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, how long, and who looks after it."""

    jobs: list[Open]
    oldest_queued_seconds: float  #: since the oldest waiting job was accepted
    oldest_due_seconds: float  #: since the oldest waiting job could have been taken
    lost_leases: int  #: jobs whose worker is silent and that nobody took back
    organizations_waiting: int
    largest_backlog: int  #: waiting jobs of the organization with the most
    dead_jobs: int  #: given up, and can be replayed
    sweeper_age_seconds: float | None  #: since its last sign of life; None: never


@dataclass(frozen=True, slots=True)
class Sending:
    """Webhook deliveries that are not over, and endpoints that get nothing."""

    deliveries: dict[str, int]  #: by state
    oldest_due_seconds: float  #: since the oldest due delivery to an enabled endpoint could have been sent
    disabled: dict[str, int]  #: endpoints, by reason


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Jobs that ended in the same way."""

    state: str
    document: str
    reason: str  #: of a failure; empty otherwise
    count: int


def backlog(db: Session) -> Backlog:
    """The backlog at this moment."""
    queued, due, lost = db.execute(_OLDEST).one()
    waiting, largest = db.execute(_CROWD).one()
    beat = db.scalar(_SWEEPER)
    return Backlog(
        jobs=[Open(state, PRIORITIES[priority], count) for state, priority, count in db.execute(_OPEN_JOBS)],
        oldest_queued_seconds=float(queued),
        oldest_due_seconds=float(due),
        lost_leases=lost,
        organizations_waiting=waiting,
        largest_backlog=largest,
        dead_jobs=db.scalar(_DEAD) or 0,
        sweeper_age_seconds=None if beat is None else float(beat),
    )


def sending(db: Session) -> Sending:
    """The webhooks at this moment."""
    late = func.extract("epoch", func.now() - func.min(WebhookDelivery.next_attempt_at))
    oldest = db.scalar(select(late).where(*deliveries.due()))
    return Sending(
        deliveries={"waiting": 0, "sending": 0} | {row.state: row.number for row in db.execute(_DELIVERIES)},
        oldest_due_seconds=float(oldest or 0),
        disabled={reason or "": count for reason, count in db.execute(_DISABLED)},
    )


def outcomes(db: Session, *, hours: int) -> list[Outcomes]:
    """How the jobs of the last hours ended, the most frequent way first."""
    return [Outcomes(*row) for row in db.execute(_OUTCOMES, {"hours": hours})]


def given_up(db: Session, *, limit: int) -> list[tuple[WebhookDelivery, WebhookAttempt | None]]:
    """Deliveries that were given up, the latest first, each with its last request."""
    is_last = (WebhookAttempt.delivery_id == WebhookDelivery.id) & (WebhookAttempt.number == WebhookDelivery.attempts)
    query = select(WebhookDelivery, WebhookAttempt).outerjoin(WebhookAttempt, is_last)
    query = query.where(WebhookDelivery.state == DeliveryState.FAILED)
    found = db.execute(query.order_by(WebhookDelivery.finished_at.desc()).limit(limit))
    return [(row[0], row[1]) for row in found]


def delivery(db: Session, delivery_id: UUID) -> WebhookDelivery | None:
    """One delivery, whosever it is: for callers that may see everybody's."""
    return db.get(WebhookDelivery, delivery_id)


_OPEN_JOBS = text("""
    SELECT state, priority, count(*) FROM jobs WHERE state IN ('queued', 'reading') GROUP BY 1, 2
""")
_OLDEST = text("""
    SELECT coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE state = 'queued')), 0),
           greatest(0, coalesce(extract(epoch FROM now() - min(next_attempt_at) FILTER (WHERE state = 'queued')), 0)),
           count(*) FILTER (WHERE state = 'reading' AND lease_until < now())
    FROM jobs WHERE state IN ('queued', 'reading')
""")
_CROWD = text("""
    SELECT count(*), coalesce(max(waiting), 0)
    FROM (SELECT count(*) AS waiting FROM jobs WHERE state = 'queued' GROUP BY organization_id) AS each
""")
_DEAD = text("SELECT count(*) FROM jobs WHERE replayable_until > now()")
_SWEEPER = text("SELECT extract(epoch FROM now() - at) FROM heartbeats WHERE name = 'sweeper'")
_DELIVERIES = text("""
    SELECT state, count(*) AS number FROM webhook_deliveries WHERE state = 'waiting' GROUP BY 1
    UNION ALL
    SELECT state, count(*) FROM webhook_deliveries WHERE state = 'sending' GROUP BY 1
""")
_DISABLED = text("SELECT disabled_reason, count(*) FROM webhook_endpoints WHERE NOT is_enabled GROUP BY 1")
_OUTCOMES = text("""
    SELECT state, document, coalesce(failure ->> 'reason', ''), count(*) FROM jobs
    WHERE finished_at > now() - make_interval(hours => :hours) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
""")
