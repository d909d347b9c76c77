"""The bodies of webhooks. Thin: ids, a status, a failure's reason; never a value that was read."""

from __future__ import annotations

import json
from typing import Any

from core import events
from core.db.tables import Event, Job
from core.states import Status
from core.webhooks import Format


def body(form: Format, event: Event, job: Job | None) -> bytes:
    """The body of a delivery, the same bytes at every try."""
    is_biometric = form is Format.BIOMETRIC and job is not None
    document = _technology_end(event, job) if is_biometric and job is not None else events.document(event)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _technology_end(event: Event, job: Job) -> dict[str, Any]:
    """`technology.end` as biometric.kz sends it, without the result: that is fetched with a key."""
    failure = job.failure or {}
    reason = {"type": failure.get("reason", "OTHER"), "detail": failure.get("detail", "")}
    succeeded = event.status == Status.RECEIVED
    return {
        "id": str(event.id),
        "event": "technology.end",
        "session_id": str(event.session_id),
        "created": int(event.at.timestamp()),
        "success": succeeded,
        "flow_name": None,
        "metadata": {},
        "data": {
            f"{job.technology.replace('-', '_')}_result": {
                "job_id": str(job.id),
                "sequence": event.sequence,
                "status": event.status,
                "failure_reason": None if succeeded else reason,
            }
        },
    }
