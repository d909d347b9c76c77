"""Organizations: who owns keys, subscriptions, sessions and readings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import errors
from core.db.tables import Organization


def create(db: Session, name: str, *, is_strict: bool = False) -> Organization:
    """A new organization. A strict one wants wrong check digits to count as a failed reading."""
    organization = Organization(name=name, is_strict=is_strict)
    db.add(organization)
    db.flush()
    return organization


def get(db: Session, organization_id: UUID) -> Organization:
    """One organization. Raises `NotFound`."""
    organization = db.get(Organization, organization_id)
    if organization is None:
        raise errors.NotFound("There is no organization with this id.")
    return organization


def everyone(db: Session) -> list[Organization]:
    """All organizations, oldest first."""
    return list(db.scalars(select(Organization).order_by(Organization.id)))


def set_strict(db: Session, organization_id: UUID, *, is_strict: bool) -> Organization:
    """Changes whether wrong check digits count as a failed reading. Raises `NotFound`."""
    organization = get(db, organization_id)
    organization.is_strict = is_strict
    return organization
