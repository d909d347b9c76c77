"""Subscriptions: may this organization have this technology read now, and has its end client attempts left."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session

from core import audit, errors
from core.db.tables import Attempt, Job, Subscription, UsageRecord
from core.documents import DocumentKind, FailureReason
from core.hashing import keyed_hash

ATTEMPTS_PER_CLIENT = 3
WINDOW_SECONDS = 24 * 3600

#: A picture that could not be judged, or a fault of ours, costs the end client nothing.
GIVEN_BACK_FOR = frozenset(
    {
        FailureReason.DAMAGED_PICTURE,
        FailureReason.TOO_MANY_PIXELS,
        FailureReason.UNSUPPORTED_PICTURE,
        FailureReason.TOO_SMALL,
        FailureReason.BLURRED,
        FailureReason.GLARE,
        FailureReason.CUT_OFF,
        FailureReason.READER_FAILED,
    }
)


class Technology(StrEnum):
    """What an organization subscribes to."""

    MRZ = "mrz"
    MYKAD = "mykad"
    ID_CARD = "id-card"
    ID_CARD_STAND_ALONE = "id-card-stand-alone"  #: the same reading, cheaper: its authenticity cannot be asked for
    AUTHENTICITY = "authenticity"  #: one answer whether a document is authentic
    PAYMENT_CARD = "payment-card"


TECHNOLOGY_OF = {
    DocumentKind.MRZ: Technology.MRZ,
    DocumentKind.AUTO: Technology.MRZ,
    DocumentKind.MYKAD: Technology.MYKAD,
    DocumentKind.ID_CARD: Technology.ID_CARD,
    DocumentKind.PAYMENT_CARD: Technology.PAYMENT_CARD,
}


def subscribe(
    db: Session,
    organization_id: UUID,
    technology: Technology,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    total_limit: int | None = None,
    attempts_per_client: int | None = ATTEMPTS_PER_CLIENT,
    window_seconds: int = WINDOW_SECONDS,
) -> Subscription:
    """A new subscription. Several may follow one another or overlap. Raises `RequestInvalid`."""
    if ends_at is not None and ends_at <= starts_at:
        raise errors.RequestInvalid("ends_at: a subscription ends after it starts.")
    subscription = Subscription(
        organization_id=organization_id,
        technology=technology.value,
        starts_at=starts_at,
        ends_at=ends_at,
        total_limit=total_limit,
        attempts_per_client=attempts_per_client,
        window_seconds=window_seconds,
    )
    db.add(subscription)
    db.flush()
    audit.note(db, audit.Action.SUBSCRIPTION_CREATED, organization_id, subscription.id)
    return subscription


def subscriptions_of(db: Session, organization_id: UUID) -> list[Subscription]:
    """All subscriptions of an organization, past and future ones too, in the order in which they start."""
    mine = select(Subscription).where(Subscription.organization_id == organization_id)
    return list(db.scalars(mine.order_by(Subscription.starts_at, Subscription.id)))


def attempts_of(db: Session, session_id: UUID) -> list[Attempt]:
    """The ledger entries of a session's jobs, first to last."""
    entries = select(Attempt).join(Job, Job.id == Attempt.job_id).where(Job.session_id == session_id)
    return list(db.scalars(entries.order_by(Attempt.taken_at)))


def end_client_hash(organization_id: UUID, name: str | None) -> bytes | None:
    """How an end client is remembered: recognisable for its own organization, readable for nobody."""
    return keyed_hash(f"end-client|{organization_id}", name) if name else None


def admit(db: Session, organization_id: UUID, technology: Technology, end_client: bytes | None) -> Subscription:
    """The subscription that pays for one more reading, one of its total taken.

    Raises the `SubscriptionRefused` that says what is in the way, in the order in which an operator would mend it:
    none at all, technology missing, none active, not started, limit reached, attempts exceeded.
    """
    active = _active(db, organization_id, technology)
    if end_client is not None:
        _check_attempts(db, active[0], end_client)
    for subscription in active:
        if _take_one(db, subscription):
            return subscription
    raise errors.LimitReached


def note_attempt(db: Session, job: Job, end_client: bytes) -> None:
    """Writes one attempt into the end client's ledger."""
    db.add(
        Attempt(job_id=job.id, organization_id=job.organization_id, technology=job.technology, end_client=end_client)
    )


def give_back(db: Session, subscription_id: UUID) -> None:
    """Gives back one of the total that `admit` took, where there is a total."""
    give_one = update(Subscription).where(Subscription.id == subscription_id, Subscription.total_limit.is_not(None))
    db.execute(give_one.values(used=Subscription.used - 1))


def settle(db: Session, job: Job, reason: FailureReason | None) -> None:
    """Books the end of a job: a reading is billed once, anything else gives back what it took."""
    if reason is None:
        db.add(
            UsageRecord(
                job_id=job.id,
                organization_id=job.organization_id,
                session_id=job.session_id,
                subscription_id=job.subscription_id,
                technology=job.technology,
            )
        )
        return
    give_back(db, job.subscription_id)
    if reason in GIVEN_BACK_FOR:
        forgive = update(Attempt).where(Attempt.job_id == job.id, Attempt.given_back_at.is_(None))
        db.execute(forgive.values(given_back_at=func.now(), given_back_reason=reason.value))


def _active(db: Session, organization_id: UUID, technology: Technology) -> list[Subscription]:
    mine = subscriptions_of(db, organization_id)
    if not mine:
        raise errors.NoSubscription
    fitting = [one for one in mine if one.technology == technology]
    if not fitting:
        raise errors.TechnologyMissing
    now = db.scalars(select(func.now())).one()
    not_over = [one for one in fitting if one.ends_at is None or one.ends_at > now]
    if not not_over:
        raise errors.NotActive
    active = [one for one in not_over if one.starts_at <= now]
    if not active:
        raise errors.NotStarted
    return active


def _check_attempts(db: Session, subscription: Subscription, end_client: bytes) -> None:
    """Counts under a lock on this end client, so that parallel requests cannot all see the last free attempt."""
    if subscription.attempts_per_client is None:
        return
    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(subscription, end_client)})
    window = timedelta(seconds=subscription.window_seconds)
    taken = select(func.count()).where(
        Attempt.organization_id == subscription.organization_id,
        Attempt.technology == subscription.technology,
        Attempt.end_client == end_client,
        Attempt.taken_at > func.now() - window,
        Attempt.given_back_at.is_(None),
    )
    if db.scalars(taken).one() >= subscription.attempts_per_client:
        raise errors.AttemptsExceeded


def _lock_key(subscription: Subscription, end_client: bytes) -> int:
    name = f"{subscription.organization_id}|{subscription.technology}|".encode() + end_client
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)


def _take_one(db: Session, subscription: Subscription) -> bool:
    if subscription.total_limit is None:
        return True
    has_room = or_(Subscription.total_limit.is_(None), Subscription.used < Subscription.total_limit)
    take = update(Subscription).where(Subscription.id == subscription.id, has_room)
    return db.execute(take.values(used=Subscription.used + 1).returning(Subscription.id)).first() is not None
