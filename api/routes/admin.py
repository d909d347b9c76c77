"""Administration over HTTP, for keys with the scope `admin`: organizations, their keys, subscriptions and usage."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api import views
from api.dependencies import Admin, Instant, run
from api.idempotency import Once
from api.routes.subscriptions import Since, Until
from core import keys, organizations, subscriptions, usage
from core.keys import Scope
from core.subscriptions import ATTEMPTS_PER_CLIENT, WINDOW_SECONDS, Technology

router = APIRouter(prefix="/v1/admin", tags=["administration"])

POSTGRES_MAX = 2**31 - 1
Count = Annotated[int, Field(ge=1, le=POSTGRES_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f]+$")]


async def _existing(organization_id: UUID) -> UUID:
    await run(organizations.get, organization_id)
    return organization_id


Customer = Annotated[UUID, Depends(_existing)]  #: the id of an organization that exists; asked for after the caller


class Body(BaseModel):
    """Base of request bodies: a field that is not known is an error, not a wish that is not heard."""

    model_config = ConfigDict(extra="forbid")


class NewOrganization(Body):
    name: Name
    is_strict: StrictBool = False


class OrganizationChange(Body):
    is_strict: StrictBool | None = None
    picture_hours: Annotated[StrictInt | None, Field(ge=0, le=24 * 365)] = None  #: kept after the end; 0: gone with it
    result_days: Annotated[StrictInt | None, Field(ge=0, le=36_500)] = None  #: then a job is erased; 0: never by itself


class NewKey(Body):
    label: Name
    scopes: list[Scope] = Field(default=[Scope.JOBS_READ, Scope.JOBS_WRITE], min_length=1)
    expires_at: Instant | None = None


class KeyChange(Body):
    expires_at: Instant


class Rotation(Body):
    grace_seconds: Annotated[int, Field(ge=0, le=90 * 24 * 3600)] = 24 * 3600  #: the old key works so much longer


class NewSubscription(Body):
    technology: Technology
    starts_at: Instant
    ends_at: Instant | None = None
    total_limit: Count | None = None
    attempts_per_client: Count | None = ATTEMPTS_PER_CLIENT
    window_seconds: Count = WINDOW_SECONDS


@router.post("/organizations", status_code=201, response_model=views.OrganizationView)
async def create_organization(_caller: Admin, once: Once, body: NewOrganization) -> Any:
    """Makes an organization."""
    return await once.answer(organizations.create, body.name, is_strict=body.is_strict)


@router.get("/organizations", response_model=list[views.OrganizationView])
async def list_organizations(_caller: Admin) -> Any:
    """All organizations, oldest first."""
    return await run(organizations.everyone)


@router.patch("/organizations/{organization_id}", response_model=views.OrganizationView)
async def change_organization(_caller: Admin, organization_id: Customer, body: OrganizationChange) -> Any:
    """Changes what is given: whether wrong check digits fail a reading, how long pictures and results stay."""
    return await run(organizations.change, organization_id, **dict(body))


@router.post("/organizations/{organization_id}/keys", status_code=201, response_model=views.IssuedKeyView)
async def issue_key(_caller: Admin, once: Once, organization_id: Customer, body: NewKey) -> Any:
    """Issues a key. Its secret is in this answer and nowhere else."""
    return await once.answer(lambda db: _show(keys.issue(db, organization_id, **dict(body))))


@router.get("/organizations/{organization_id}/keys", response_model=list[views.KeyView])
async def list_keys(_caller: Admin, organization_id: Customer) -> Any:
    """All keys of an organization, also those that no longer work."""
    return await run(keys.keys_of, organization_id)


@router.post("/keys/{public_id}/rotate", status_code=201, response_model=views.IssuedKeyView)
async def rotate_key(_caller: Admin, once: Once, public_id: str, body: Rotation | None = None) -> Any:
    """Issues a second key like this one; for the grace time both work."""
    grace = timedelta(seconds=(body or Rotation()).grace_seconds)
    return await once.answer(lambda db: _show(keys.rotate(db, public_id, grace=grace)))


@router.patch("/keys/{public_id}", status_code=204)
async def expire_key(_caller: Admin, public_id: str, body: KeyChange) -> None:
    """Sets when a key ends."""
    await run(keys.expire, public_id, body.expires_at)


@router.delete("/keys/{public_id}", status_code=204)
async def revoke_key(_caller: Admin, public_id: str) -> None:
    """Ends a key now, for good."""
    await run(keys.revoke, public_id)


@router.post("/organizations/{organization_id}/subscriptions", status_code=201, response_model=views.SubscriptionView)
async def create_subscription(_caller: Admin, once: Once, organization_id: Customer, body: NewSubscription) -> Any:
    """Subscribes an organization to a technology. Several subscriptions may follow one another or overlap."""
    return await once.answer(subscriptions.subscribe, organization_id, **dict(body))


@router.get("/organizations/{organization_id}/subscriptions", response_model=list[views.SubscriptionView])
async def list_subscriptions(_caller: Admin, organization_id: Customer) -> Any:
    """All subscriptions of an organization."""
    return await run(subscriptions.subscriptions_of, organization_id)


@router.get("/organizations/{organization_id}/usage", response_model=list[views.UsageView])
async def get_usage(_caller: Admin, organization_id: Customer, since: Since = None, until: Until = None) -> Any:
    """Billed readings of an organization by technology."""
    return await run(usage.totals, organization_id, since=since, until=until)


def _show(issued: keys.IssuedKey) -> dict[str, str]:
    return {"public_id": issued.public_id, "key": issued.text, "secret": issued.secret}
