"""Headers that tell browsers and caches what they must not do with an answer, on every answer of the application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import settings

#: A page has scripts and styles of its own; nothing else that is answered here is ever shown as a page.
FOR_PAGES = "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
FOR_DATA = "default-src 'none'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know `frame-ancestors`
    "Referrer-Policy": "no-referrer",  # job ids stand in our paths
}


class Guarded(FastAPI):
    """An application whose answers all carry the headers, those of unexpected errors included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Puts the headers outside of everything, where also Starlette's own error page passes."""
        return SecurityHeaders(super().build_middleware_stack(), hsts_seconds=settings().hsts_seconds)


class SecurityHeaders:
    """ASGI middleware: adds what is missing, leaves what a route has said."""

    def __init__(self, app: ASGIApp, *, hsts_seconds: int = 0) -> None:
        self._app = app
        self._always = dict(ALWAYS)
        if hsts_seconds:
            self._always["Strict-Transport-Security"] = f"max-age={hsts_seconds}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _complete(self, headers: MutableHeaders) -> None:
        for name, value in self._always.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        is_page = headers.get("Content-Type", "").startswith("text/html")
        headers.setdefault("Content-Security-Policy", FOR_PAGES if is_page else FOR_DATA)
