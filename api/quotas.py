"""How many API calls an organization may make in a minute, counted in Valkey. Uploads: `core.admission`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import redis
import structlog

from core.settings import settings

WINDOW_SECONDS = 60
VALKEY_SECONDS = 0.25  #: a count is worth no more time than this
BREAK_SECONDS = 2.0  #: after a failed count nobody is counted for so long; limits never stop the service

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CallCount:
    """One organization's calls in the current window."""

    limit: int
    remaining: int  #: negative once the limit is passed
    reset_seconds: int  #: until the next window


def count_call(organization_id: UUID, limit: int) -> CallCount | None:
    """Counts one call; None while Valkey is away: then there is no limit."""
    if time.monotonic() < _breaker()["silent_until"]:
        return None
    window, passed = divmod(time.time(), WINDOW_SECONDS)
    name = f"idmill:calls:{organization_id}:{int(window)}"
    try:
        with _valkey().pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, 2 * WINDOW_SECONDS)
            counted = pipe.execute()[0]
    except (redis.RedisError, OSError) as error:
        _breaker()["silent_until"] = time.monotonic() + BREAK_SECONDS
        log.warning("quotas.not_counted", error=type(error).__name__)
        return None
    return CallCount(limit, limit - int(counted), WINDOW_SECONDS - int(passed))


@lru_cache(maxsize=1)
def _valkey() -> redis.Redis:
    url = settings().redis_url.get_secret_value()
    return redis.Redis.from_url(url, socket_timeout=VALKEY_SECONDS, socket_connect_timeout=VALKEY_SECONDS)


@lru_cache(maxsize=1)
def _breaker() -> dict[str, float]:
    return {"silent_until": 0.0}  # monotonic seconds
