"""One question from request key to answer, in steps that a caller runs in transactions of their own: take, settle."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import errors, sealed, subscriptions
from core.authenticity import locks, request_keys
from core.authenticity.chain import Decision
from core.authenticity.claims import Claim, Seen
from core.db.tables import AuthenticityCheck, Job, RequestKey
from core.subscriptions import Technology


@dataclass(frozen=True, slots=True)
class Question:
    """A request key in use, the reading that it belongs to and the subscription that pays."""

    key: RequestKey = field(repr=False)
    job_id: UUID
    subscription_id: UUID
    seen: Seen


def begin(db: Session, organization_id: UUID, request_key: str) -> Question:
    """Takes the request key and one answer of the subscription.

    Raises `CheckKeyRefused`, also when the reading was erased, or a `SubscriptionRefused`.
    """
    key = request_keys.take(db, organization_id, request_key)
    job = db.get(Job, key.job_id)
    try:
        result = sealed.open_result(job) if job else None
    except errors.Erased:
        result = None
    if result is None:
        raise errors.CheckKeyRefused
    subscription = subscriptions.admit(db, organization_id, Technology.AUTHENTICITY, None)
    fields = {name: (field["value"], field["confidence"]) for name, field in result["fields"].items()}
    return Question(key, key.job_id, subscription.id, Seen(result["document_type"], fields))


def give_back(db: Session, question: Question) -> None:
    """There was no answer: the request key can be used again, nothing is charged."""
    request_keys.give_back(db, question.key)
    subscriptions.give_back(db, question.subscription_id)


def settle(db: Session, question: Question, claim: Claim, decision: Decision) -> None:
    """There was an answer: it is recorded, the request key is used up, wrong issue dates are counted."""
    request_keys.use(db, question.key)
    locks.note(
        db,
        claim,
        question.job_id,
        has_wrong_date=not decision.is_authentic and decision.has_wrong_issue_date,
        is_authentic=decision.is_authentic,
    )
    db.add(
        AuthenticityCheck(
            organization_id=claim.organization_id,
            job_id=question.job_id,
            subscription_id=question.subscription_id,
            is_authentic=decision.is_authentic,
            provider=decision.provider,
            checks=[
                {"name": check.name, "verdict": check.verdict.value, "fields": list(check.fields)}
                for check in decision.checks
            ],
        )
    )


def answers_about(db: Session, organization_id: UUID, job_id: UUID) -> list[AuthenticityCheck]:
    """The answers given about one reading, first to last."""
    mine = (AuthenticityCheck.organization_id == organization_id, AuthenticityCheck.job_id == job_id)
    return list(db.scalars(select(AuthenticityCheck).where(*mine).order_by(AuthenticityCheck.id)))
