"""Logs are events with ids and durations. Only fields on the list below are written: personal data has no way in."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "error",
        "job_id",
        "session_id",
        "organization_id",
        "key_id",
        "event_id",
        "task",
        "name",
        "state",
        "stage",
        "reason",
        "status",
        "method",
        "route",
        "ms",
        "bytes",
        "width",
        "height",
        "count",
        "claims",
        "attempt",
        "waiting",
        "pid",
        "port",
        "seconds",
        "engine",
        "version",
    }
)


def set_up_logs(level: str) -> None:
    """Sends this process's events to stderr, one JSON object a line."""
    logging.basicConfig(level=level, stream=sys.stderr, format='{"event": "%(name)s", "level": "%(levelname)s"}')
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class _Unfailing:
    """A stream whose disk may be full: a line that cannot be written is lost, never the request that wrote it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drops every field that is not on the list."""
    return {name: value for name, value in event.items() if name in ALLOWED}
