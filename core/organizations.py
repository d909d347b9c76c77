"""Organizations: who owns keys, subscriptions, sessions and readings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, errors
from core.db.tables import Organization


def create(db: Session, name: str, *, is_strict: bool = False) -> Organization:
    """A new organization. A strict one wants wrong check digits to count as a failed reading."""
    organization = Organization(name=name, is_strict=is_strict)
    db.add(organization)
    db.flush()
    audit.note(db, audit.Action.ORGANIZATION_CREATED, organization.id, organization.id)
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


def with_retention(db: Session) -> list[Organization]:
    """Those that want results erased after some days."""
    return list(db.scalars(select(Organization).where(Organization.result_days.is_not(None))))


def change(
    db: Session,
    organization_id: UUID,
    *,
    is_strict: bool | None = None,
    picture_hours: int | None = None,
    result_days: int | None = None,
) -> Organization:
    """Changes what is given: strictness, and how long pictures and results are kept. 0 days: until erased by hand.

    Raises `NotFound`.
    """
    organization = get(db, organization_id)
    if is_strict is not None:
        organization.is_strict = is_strict
    if picture_hours is not None:
        organization.picture_hours = picture_hours
    if result_days is not None:
        organization.result_days = result_days or None
    audit.note(db, audit.Action.ORGANIZATION_CHANGED, organization_id, organization_id)
    return organization
