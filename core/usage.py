"""Usage: what was billed, one record a reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import UsageRecord


@dataclass(frozen=True, slots=True)
class Total:
    """Readings of one technology."""

    technology: str
    readings: int


def totals(db: Session, organization_id: UUID, *, since: datetime | None, until: datetime | None) -> list[Total]:
    """Billed readings by technology, from `since` to before `until`."""
    query = select(UsageRecord.technology, func.count()).where(UsageRecord.organization_id == organization_id)
    if since is not None:
        query = query.where(UsageRecord.at >= since)
    if until is not None:
        query = query.where(UsageRecord.at < until)
    rows = db.execute(query.group_by(UsageRecord.technology).order_by(UsageRecord.technology))
    return [Total(technology, readings) for technology, readings in rows]
