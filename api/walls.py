"""A request sees no organization's rows until its caller is known; `api.dependencies.let_in` says who it is."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from core.transaction import NOBODY, act_for


class ForNobodyYet:
    """ASGI middleware: what asks the database before there is a caller, or without one, finds nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            act_for(NOBODY)
        await self._app(scope, receive, send)
