"""The door: a few uploads of one caller are taken in at a time, so that its crowd does not stand in another's way."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import caller_of

INSIDE: Final = 2  #: POSTs of one caller, in this process; more only take the interpreter from one another
_STATE = "visit"


def leave(request: Request) -> None:
    """Lets the caller's next request in while this one waits for a worker."""
    visit: _Visit | None = getattr(request.state, _STATE, None)
    if visit is not None:
        visit.end()


class Turnstile:
    """ASGI middleware: once it has come in whole, a POST waits for its turn among those of its caller.

    What is still on its way holds no place: a slow sender keeps nobody waiting.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._doors: dict[bytes, _Door] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        if caller is None:
            await self._app(scope, receive, send)
            return
        door = self._doors.setdefault(caller, _Door())
        door.visits += 1
        visit = _Visit(door, receive)
        scope.setdefault("state", {})[_STATE] = visit
        try:
            await self._app(scope, visit.receive, send)
        finally:
            visit.end()
            door.visits -= 1
            if not door.visits:
                self._doors.pop(caller, None)


class _Door:
    """The places of one caller."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(INSIDE)
        self.visits = 0  #: inside, outside and on their way


class _Visit:
    """One request at a door."""

    def __init__(self, door: _Door, receive: Receive) -> None:
        self._door = door
        self._receive = receive
        self._has_come = self._is_inside = False

    async def receive(self) -> Message:
        """The next piece of the body; the last one when it is this request's turn."""
        message = await self._receive()
        if not self._has_come and not message.get("more_body", False):
            self._has_come = True
            await self._door.places.acquire()
            self._is_inside = True
        return message

    def end(self) -> None:
        """Gives the place to the next, once."""
        if self._is_inside:
            self._is_inside = False
            self._door.places.release()
