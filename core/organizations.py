"""Organizations: who owns keys, subscriptions, sessions and readings."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.db.tables import Organization


def create(db: Session, name: str) -> Organization:
    """A new organization."""
    organization = Organization(name=name)
    db.add(organization)
    db.flush()
    return organization
