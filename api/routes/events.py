"""Events over HTTP: as a page to poll, or as a stream. The same documents that webhooks carry."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.dependencies import Reader, run
from api.views import View
from api.waiting import Waiters
from core import errors, events
from core.events import EventType

router = APIRouter(prefix="/v1/events", tags=["events"])

STREAM = "text/event-stream"
STREAM_SECONDS = 300.0  #: then the client reconnects, and shows its key again
KEEP_ALIVE_SECONDS = 15.0  #: below the idle time of common proxies
RECONNECT_MILLISECONDS = 1000
MOST_AT_ONCE = 100
LARGEST_SEQUENCE = 2**63 - 1


class EventView(View):
    """Something that happened: ids and a status, no identity data."""

    id: UUID
    type: EventType
    timestamp: str
    data: dict[str, Any]
    """`sequence` (per organization, without gaps), `status`, and the ids that it is about."""


class EventPage(View):
    items: list[EventView]
    next_after: int
    """Ask for the next page, or later for what is new, with `after` set to this."""


@router.get("", response_model=EventPage, responses={200: {"content": {STREAM: {}}}})
async def list_events(
    request: Request,
    caller: Reader,
    after: Annotated[int | None, Query(ge=0, le=LARGEST_SEQUENCE, description="a `sequence`")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE,
    accept: Annotated[str, Header(description="`text/event-stream`: a stream instead of a page")] = "",
    last_event_id: Annotated[str | None, Header(description="a `sequence`; set by clients that reconnect")] = None,
) -> Any:
    """What happened after a sequence number, oldest first; or, as `text/event-stream`, also what happens from now on.

    A stream without `after` and `Last-Event-ID` begins with what happens next. It ends after five minutes; clients
    reconnect by themselves and miss nothing.
    """
    if STREAM not in accept.lower():
        found = await run(events.after, caller.organization_id, after or 0, limit=limit)
        documents = [events.document(event) for event in found]
        return {"items": documents, "next_after": found[-1].sequence if found else after or 0}
    waiters: Waiters = request.app.state.waiters
    waiters.must_have_room()
    sequence = _sequence_of(last_event_id) if last_event_id is not None else after
    if sequence is None:
        sequence = await run(events.last_sequence, caller.organization_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(waiters, caller.organization_id, sequence), media_type=STREAM, headers=headers)


async def _stream(waiters: Waiters, organization_id: UUID, sequence: int) -> AsyncIterator[bytes]:
    until = time.monotonic() + STREAM_SECONDS
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n".encode()
    with waiters.bell(organization_id) as bell:
        while time.monotonic() < until:
            found = await run(events.after, organization_id, sequence, limit=MOST_AT_ONCE)
            for event in found:
                yield _message(event.sequence, events.document(event))
                sequence = event.sequence
            if not found:
                yield b": still here\n\n"
            if len(found) < MOST_AT_ONCE:
                await bell.wait(min(KEEP_ALIVE_SECONDS, max(until - time.monotonic(), 0)))


def _message(sequence: int, document: dict[str, Any]) -> bytes:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"id: {sequence}\nevent: {document['type']}\ndata: {body}\n\n".encode()


def _sequence_of(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= LARGEST_SEQUENCE):
        raise errors.RequestInvalid("Last-Event-ID: send the id of the last event, a number.")
    return int(text)
