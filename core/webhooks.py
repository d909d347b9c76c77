"""Webhook endpoints: where an organization wants its events sent, and the secrets that sign them. Sends nothing."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit, errors, targets, vault
from core.db.tables import Organization, WebhookEndpoint
from core.identifiers import new_id
from core.settings import settings

MOST_ENDPOINTS = 50  #: of one organization: each event becomes a row for each of them
SECRET_PREFIX = "whsec_"  # noqa: S105 - Standard Webhooks' mark of a secret
SECRET_BYTES = 32  # Standard Webhooks: 24 to 64


class Format(StrEnum):
    """The body that an endpoint gets."""

    STANDARD = "standard"  #: the event document of this API
    BIOMETRIC = "biometric"  #: `technology.end` as biometric.kz sends it, for the ends of jobs


class DisabledFor(StrEnum):
    """Why an endpoint gets nothing."""

    ASKED = "asked"  #: its owner said so
    GONE = "gone"  #: it answered 410
    ONLY_FAILURES = "only_failures"  #: nothing but failures for too long


def create(
    db: Session, organization_id: UUID, *, url: str, events: Sequence[str], description: str, body: Format
) -> WebhookEndpoint:
    """A new endpoint. Raises `TargetRefused`, and `RequestInvalid` when there are too many already."""
    must_be_usable(url)
    db.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True))
    mine = select(func.count()).where(WebhookEndpoint.organization_id == organization_id)
    if db.scalars(mine).one() >= MOST_ENDPOINTS:
        raise errors.RequestInvalid(
            f"An organization has at most {MOST_ENDPOINTS} webhook endpoints; delete one first."
        )
    endpoint = WebhookEndpoint(
        **_fresh_secret(organization_id, new_id()),
        organization_id=organization_id,
        url=url,
        events=sorted(set(events)),
        description=description,
        format=body.value,
    )
    db.add(endpoint)
    db.flush()
    audit.note(db, audit.Action.ENDPOINT_CREATED, organization_id, endpoint.id)
    return endpoint


def for_callbacks(db: Session, organization_id: UUID) -> UUID:
    """The id of the endpoint without a URL, whose secret signs for the `callback_url` of jobs; made at first use."""
    mine = select(WebhookEndpoint.id).where(
        WebhookEndpoint.organization_id == organization_id, WebhookEndpoint.url.is_(None)
    )
    found = db.scalar(mine)
    if found is not None:
        return found
    values = _fresh_secret(organization_id, new_id())
    words = {"description": "signs for the callback_url of jobs", "events": [], "format": Format.STANDARD.value}
    fresh = insert(WebhookEndpoint).values(organization_id=organization_id, url=None, **values, **words)
    db.execute(fresh.on_conflict_do_nothing())
    return db.scalars(mine).one()


def get(db: Session, organization_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint. Raises `NotFound`, also for another organization's."""
    return _one(db, organization_id, endpoint_id, lock=False)


def endpoints_of(db: Session, organization_id: UUID) -> list[WebhookEndpoint]:
    """All endpoints of an organization, oldest first."""
    mine = select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization_id)
    return list(db.scalars(mine.order_by(WebhookEndpoint.id)))


def change(
    db: Session,
    organization_id: UUID,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> WebhookEndpoint:
    """Changes what is given; enabling clears the record. Raises `NotFound`, `TargetRefused`, `RequestInvalid`."""
    endpoint = _one(db, organization_id, endpoint_id, lock=True)
    if url is not None:
        if endpoint.url is None:
            raise errors.RequestInvalid("url: the endpoint for callbacks has none; the URL comes with each job.")
        must_be_usable(url)
        endpoint.url = url
    if events is not None:
        endpoint.events = sorted(set(events))
    if description is not None:
        endpoint.description = description
    if is_enabled is not None:
        endpoint.is_enabled = is_enabled
        endpoint.disabled_reason = None if is_enabled else DisabledFor.ASKED.value
        endpoint.failing_since = None
    audit.note(db, audit.Action.ENDPOINT_CHANGED, organization_id, endpoint_id)
    db.flush()
    return endpoint


def rotate(db: Session, organization_id: UUID, endpoint_id: UUID, *, grace: timedelta) -> WebhookEndpoint:
    """Gives an endpoint a new secret; for the grace time every delivery carries both signatures. Raises `NotFound`."""
    endpoint = _one(db, organization_id, endpoint_id, lock=True)
    key = _data_key(endpoint)
    now = db.scalars(select(func.now())).one()
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now + grace
    endpoint.secret = vault.seal(key, secrets.token_bytes(SECRET_BYTES), _context(endpoint, "secret"))
    audit.note(db, audit.Action.SECRET_ROTATED, organization_id, endpoint_id)
    db.flush()
    return endpoint


def remove(db: Session, organization_id: UUID, endpoint_id: UUID) -> None:
    """Forgets an endpoint, what still waits for it and its log. Raises `NotFound`."""
    db.delete(_one(db, organization_id, endpoint_id, lock=True))
    audit.note(db, audit.Action.ENDPOINT_REMOVED, organization_id, endpoint_id)


def secret(endpoint: WebhookEndpoint) -> str:
    """The secret as its owner is shown it, once: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(signing_keys(endpoint, endpoint.created_at)[0]).decode()


def signing_keys(endpoint: WebhookEndpoint, now: datetime) -> list[bytes]:
    """The keys that sign for an endpoint, the new one first, and the one before it for as long as it counts."""
    key = _data_key(endpoint)
    keys = [vault.unseal(key, endpoint.secret, _context(endpoint, "secret"))]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        keys.append(vault.unseal(key, endpoint.old_secret, _context(endpoint, "secret")))
    return keys


def must_be_usable(url: str) -> None:
    """Raises `TargetRefused` for a URL that can never be dialled from here."""
    targets.must_be_plausible(url, targets.networks(settings().webhook_allow))


def _fresh_secret(organization_id: UUID, endpoint_id: UUID) -> dict[str, object]:
    place = f"{organization_id}|{endpoint_id}"
    key = vault.vault().new_key(f"{place}|key")
    sealed = vault.seal(key.plain, secrets.token_bytes(SECRET_BYTES), f"{place}|secret")
    return {"id": endpoint_id, "key_id": key.key_id, "data_key": key.wrapped, "secret": sealed}


def _data_key(endpoint: WebhookEndpoint) -> bytes:
    return vault.vault().unwrap(endpoint.key_id, endpoint.data_key, _context(endpoint, "key"))


def _context(endpoint: WebhookEndpoint, kind: str) -> str:
    return f"{endpoint.organization_id}|{endpoint.id}|{kind}"


def _one(db: Session, organization_id: UUID, endpoint_id: UUID, *, lock: bool) -> WebhookEndpoint:
    mine = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.organization_id == organization_id
    )
    endpoint = db.scalar(mine.with_for_update() if lock else mine)
    if endpoint is None:
        raise errors.NotFound
    return endpoint
