"""A span for every request, under the trace that its caller names (W3C `traceparent`), where traces are asked for."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core import tracing


class Traced:
    """ASGI middleware. The span names the method and nothing of the path: ids stand there, and what callers mistype."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not tracing.is_on():
            await self._app(scope, receive, send)
            return
        parent = Headers(scope=scope).get(tracing.PARENT)
        with tracing.span("request", parent, method=scope["method"]):
            await self._app(scope, receive, send)
