"""Usage: what was billed, one record a reading and one an answer about authenticity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from core.db.tables import AuthenticityCheck, UsageRecord
from core.subscriptions import Technology


@dataclass(frozen=True, slots=True)
class Total:
    """Readings or answers of one technology."""

    technology: str
    readings: int


def totals(db: Session, organization_id: UUID, *, since: datetime | None, until: datetime | None) -> list[Total]:
    """Billed readings and answers about authenticity by technology, from `since` to before `until`."""
    readings = select(UsageRecord.technology.label("technology"), UsageRecord.at.label("at")).where(
        UsageRecord.organization_id == organization_id
    )
    technology = literal(Technology.AUTHENTICITY.value).label("technology")
    answers = select(technology, AuthenticityCheck.at.label("at")).where(
        AuthenticityCheck.organization_id == organization_id
    )
    billed = readings.union_all(answers).subquery()
    query = select(billed.c.technology, func.count())
    if since is not None:
        query = query.where(billed.c.at >= since)
    if until is not None:
        query = query.where(billed.c.at < until)
    rows = db.execute(query.group_by(billed.c.technology).order_by(billed.c.technology))
    return [Total(technology, count) for technology, count in rows]
