"""Webhook endpoints over HTTP: where events go, their secrets, the delivery log, and sending again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy.orm import Session

from api.dependencies import Before, Instant, Limit, Reader, Writer, cursor_of, run
from api.idempotency import Once
from api.views import View
from core import deliveries, errors, events, targets, webhooks
from core.db.tables import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.events import EventType
from core.webhooks import Format

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"])

Url = Annotated[str, Field(max_length=targets.MOST_CHARACTERS, description="absolute; https, reachable publicly")]
Description = Annotated[str, Field(max_length=200)]
GRACE_SECONDS = 24 * 3600


class Body(BaseModel):
    """Base of request bodies: a field that is not known is an error, not a wish that is not heard."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class NewEndpoint(Body):
    url: Url
    events: list[EventType] = []
    """Types it wants; empty: all."""
    description: Description = ""
    format: Format = Format.STANDARD
    """`biometric`: `technology.end` as biometric.kz sends it, for the ends of jobs only."""


class EndpointChange(Body):
    url: Url | None = None
    events: list[EventType] | None = None
    description: Description | None = None
    is_enabled: StrictBool | None = None


class Rotation(Body):
    grace_seconds: Annotated[int, Field(ge=0, le=7 * 24 * 3600)] = GRACE_SECONDS
    """For so long deliveries carry the signature of the old secret too."""


class Range(Body):
    since: Instant
    until: Instant | None = None
    only_undelivered: StrictBool = True
    """Leave out what was delivered."""


class EndpointView(View):
    """Where events go."""

    id: UUID
    url: str | None
    """null: this one signs for the `callback_url` of jobs."""
    events: list[EventType]
    description: str
    format: Format
    is_enabled: bool
    disabled_reason: str | None
    """`asked`, `gone` (it answered 410) or `only_failures` (for 120 hours)."""
    failing_since: datetime | None
    """First failure after the last success."""
    created_at: datetime


class IssuedEndpointView(EndpointView):
    """An endpoint with its secret: the only time that it is shown."""

    secret: str


class AttemptView(View):
    """One HTTP request."""

    number: int
    at: datetime
    status: int | None
    milliseconds: int
    answer: str
    """The first characters of the receiver's answer."""
    error: str | None


class DeliveryView(View):
    """One event on its way to one endpoint."""

    id: UUID
    event: dict[str, Any]
    url: str | None
    state: str
    """`waiting`, `sending`, `delivered` or `failed`."""
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptView]


class DeliveryPage(View):
    items: list[DeliveryView]
    next_cursor: str | None


class TestView(View):
    """The event that was made to try an endpoint."""

    event: dict[str, Any]


class CountView(View):
    """How many deliveries will be sent again."""

    count: int


@router.post("", status_code=201, response_model=IssuedEndpointView)
async def create_endpoint(caller: Writer, once: Once, body: NewEndpoint) -> Any:
    """Sends events to a URL from now on, signed after Standard Webhooks with the secret that only this answer shows."""
    return await once.answer(_create, caller.organization_id, body)


@router.get("", response_model=list[EndpointView])
async def list_endpoints(caller: Reader) -> Any:
    """Your endpoints, oldest first."""
    return await run(webhooks.endpoints_of, caller.organization_id)


@router.get("/{endpoint_id}", response_model=EndpointView)
async def get_endpoint(caller: Reader, endpoint_id: UUID) -> Any:
    """One endpoint."""
    return await run(webhooks.get, caller.organization_id, endpoint_id)


@router.patch("/{endpoint_id}", response_model=EndpointView)
async def change_endpoint(caller: Writer, endpoint_id: UUID, body: EndpointChange) -> Any:
    """Changes what is given. What waits for a disabled endpoint goes out once it is enabled again."""
    return await run(webhooks.change, caller.organization_id, endpoint_id, **dict(body))


@router.delete("/{endpoint_id}", status_code=204)
async def delete_endpoint(caller: Writer, endpoint_id: UUID) -> None:
    """Forgets an endpoint, what waits for it, and its log."""
    await run(webhooks.remove, caller.organization_id, endpoint_id)


@router.post("/{endpoint_id}/rotate-secret", status_code=201, response_model=IssuedEndpointView)
async def rotate_secret(caller: Writer, once: Once, endpoint_id: UUID, body: Rotation | None = None) -> Any:
    """Gives an endpoint a new secret; for the grace time every delivery carries both signatures."""
    grace = timedelta(seconds=(body or Rotation()).grace_seconds)
    return await once.answer(_rotate, caller.organization_id, endpoint_id, grace)


@router.post("/{endpoint_id}/test", status_code=201, response_model=TestView)
async def send_test_event(caller: Writer, once: Once, endpoint_id: UUID) -> Any:
    """Makes an `endpoint.test` event that goes to this endpoint only, whatever types it wants."""
    return await once.answer(_test, caller.organization_id, endpoint_id)


@router.get("/{endpoint_id}/deliveries", response_model=DeliveryPage)
async def list_deliveries(caller: Reader, endpoint_id: UUID, before: Before, limit: Limit = 20) -> Any:
    """The delivery log of an endpoint, newest first. Follow `next_cursor` until it is null."""
    found = await run(deliveries.page, caller.organization_id, endpoint_id, before=before, limit=limit + 1)
    shown = found[:limit]
    return {
        "items": [_show_delivery(*row) for row in shown],
        "next_cursor": cursor_of(shown[-1][0].id) if len(found) > limit else None,
    }


@router.post("/{endpoint_id}/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver(caller: Writer, endpoint_id: UUID, delivery_id: UUID) -> dict[str, str]:
    """Sends one delivery again, now, with a fresh schedule."""
    await run(deliveries.redeliver, caller.organization_id, endpoint_id, delivery_id)
    return {"id": str(delivery_id)}


@router.post("/{endpoint_id}/redeliver", status_code=202, response_model=CountView)
async def redeliver_range(caller: Writer, endpoint_id: UUID, body: Range) -> Any:
    """Sends again what happened in a time, also what this endpoint was never sent."""
    count = await run(deliveries.redeliver_range, caller.organization_id, endpoint_id, **dict(body))
    return {"count": count}


def _create(db: Session, organization_id: UUID, body: NewEndpoint) -> dict[str, Any]:
    endpoint = webhooks.create(
        db, organization_id, url=body.url, events=body.events, description=body.description, body=body.format
    )
    return _issued(endpoint)


def _rotate(db: Session, organization_id: UUID, endpoint_id: UUID, grace: timedelta) -> dict[str, Any]:
    return _issued(webhooks.rotate(db, organization_id, endpoint_id, grace=grace))


def _test(db: Session, organization_id: UUID, endpoint_id: UUID) -> dict[str, Any]:
    endpoint = webhooks.get(db, organization_id, endpoint_id)
    if endpoint.url is None:
        raise errors.RequestInvalid("The endpoint for callbacks has no URL of its own; send a job with callback_url.")
    return {"event": events.document(events.endpoint_tested(db, endpoint))}


def _issued(endpoint: WebhookEndpoint) -> dict[str, Any]:
    shown = {name: getattr(endpoint, name) for name in EndpointView.model_fields}
    return {**shown, "secret": webhooks.secret(endpoint)}


def _show_delivery(delivery: WebhookDelivery, event: Event, log: list[WebhookAttempt]) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event": events.document(event),
        "url": delivery.url,
        "state": delivery.state,
        "next_attempt_at": delivery.next_attempt_at if delivery.finished_at is None else None,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
        "attempts": log,
    }
