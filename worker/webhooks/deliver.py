"""One delivery from claim to log entry. Nothing is sent inside a transaction; none waits for a receiver."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from uuid import UUID

import structlog

from core import deliveries, errors, targets, tracing, webhooks
from core.db.tables import WebhookDelivery
from core.deliveries import Claimed, Outcome
from core.settings import settings
from core.transaction import transaction
from core.webhooks import DisabledFor, Format
from worker.webhooks import dial, payloads, schedule, signatures

GONE = 410
SENDER_LOST = Outcome(0, error="sender_lost")  #: the process that held it ended; the request may have arrived

log = structlog.get_logger()


def deliver(delivery_id: UUID) -> None:
    """Claims a delivery, sends it and records what came of it. Safe to call twice, from anywhere, at any time."""
    with transaction() as db:
        lease = timedelta(seconds=settings().webhook_lease_seconds)
        claimed = deliveries.claim(db, delivery_id, lease=lease)
    if claimed is None:
        return
    with tracing.span("webhook", claimed.delivery.trace, event_id=claimed.event.id, attempt=claimed.delivery.tries):
        outcome = _send(claimed)
    log.info(
        "webhook.sent",
        event_id=str(claimed.event.id),
        attempt=claimed.delivery.tries,
        status=outcome.status,
        ms=outcome.milliseconds,
        error=outcome.error,
    )
    record(claimed.delivery, outcome)


def record(claimed: WebhookDelivery, outcome: Outcome) -> None:
    """Writes down what came of a claimed delivery and decides what is next. A lost lease is no error."""
    pause = schedule.pause_after(claimed.tries, retry_after=outcome.retry_after)
    with suppress(errors.MoveRefused), transaction(claimed.organization_id) as db:
        if outcome.error is None:
            deliveries.succeed(db, claimed, outcome)
        elif outcome.status == GONE:
            deliveries.give_up(db, claimed, outcome, disable=DisabledFor.GONE)
        elif pause is None:
            deliveries.give_up(db, claimed, outcome)
        else:
            deliveries.try_again(db, claimed, outcome, pause=pause)


def _send(claimed: Claimed) -> Outcome:
    started = time.monotonic()
    try:
        answer = _post(claimed)
    except errors.TargetRefused:
        return Outcome(_milliseconds_since(started), error="target_refused")
    except dial.DialFailed as failed:
        return Outcome(_milliseconds_since(started), error=str(failed))
    return Outcome(
        _milliseconds_since(started),
        status=answer.status,
        answer=answer.start.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        error=_what_is_wrong_with(answer.status),
        retry_after=_retry_after(answer.headers.get("retry-after")),
    )


def _post(claimed: Claimed) -> dial.Answer:
    body = payloads.body(Format(claimed.endpoint.format), claimed.event, claimed.job)
    keys = webhooks.signing_keys(claimed.endpoint, claimed.now)
    signed = signatures.headers(str(claimed.event.id), int(time.time()), body, keys)
    headers = {"Content-Type": "application/json", "User-Agent": f"idmill/{version('idmill')}", **signed}
    return dial.post(
        claimed.delivery.url or claimed.endpoint.url or "",
        headers,
        body,
        seconds=settings().webhook_seconds,
        allowed=targets.networks(settings().webhook_allow),
    )


def _what_is_wrong_with(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return "redirect" if 300 <= status < 400 else "refused"


def _retry_after(text: str | None) -> timedelta | None:
    """RFC 9110, 10.2.3: seconds or a date; anything else counts as not said."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return timedelta(seconds=min(int(text[:12]), 10**7))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta(0))


def _milliseconds_since(started: float) -> int:
    return round(1000 * (time.monotonic() - started))
