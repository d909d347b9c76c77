"""What a caller may use, told in the headers of every answer: RateLimit draft-10."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.quotas import WINDOW_SECONDS, CallCount
from core import errors

STATE = "call_count"


def note(request: Request, count: CallCount | None) -> None:
    """Keeps the count for the headers of the answer. Raises `TooManyCalls` beyond the limit."""
    setattr(request.state, STATE, count)
    if count is not None and count.remaining < 0:
        raise errors.TooManyCalls(retry_seconds=count.reset_seconds)


class RateLimitHeaders:
    """ASGI middleware: writes what `note` kept into the answer, whoever made that answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            count = state.get(STATE)
            if message["type"] == "http.response.start" and count is not None:
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"default";q={count.limit};w={WINDOW_SECONDS}'
                headers["RateLimit"] = f'"default";r={max(count.remaining, 0)};t={count.reset_seconds}'
            await send(message)

        await self._app(scope, receive, send_with_headers)
