"""A full house: a caller who was just told to come back later is told so again, before anything is read or asked."""

from __future__ import annotations

import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import caller_of
from core import errors

SECONDS = 1.0  #: that a refusal is repeated; what it rests on is counted no more often either
CROWDED_SECONDS = 3.0  #: after a refusal that a caller's uploads are let in one at a time: there may be room for one
CALLERS = 1000  #: whose refusals are remembered
_STATE = "is_full"
_FULL = (errors.TooMany, errors.TemporarilyUnavailable)


def note(request: Request, error: errors.IdmillError) -> None:
    """Marks a refusal that holds for whatever else its caller may send in the next moment."""
    if isinstance(error, _FULL):
        setattr(request.state, _STATE, True)


@dataclass(slots=True)
class _Refusal:
    at: float  #: monotonic seconds
    messages: tuple[Message, ...]
    is_tried: bool = False  #: one request of its caller finds out whether it still holds

    def holds(self) -> bool:
        """True while others need not ask."""
        return self.is_tried or time.monotonic() - self.at < SECONDS


class Shed:
    """ASGI middleware: while the house is full for a caller, a POST costs no parsing, no thread and no query.

    Without this one organization's flood of uploads takes the time in which another's are received.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._refusals: OrderedDict[bytes, _Refusal] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        if caller is None:
            await self._app(scope, receive, send)
            return
        refusal = self._known(caller)
        if refusal is not None and refusal.holds():
            await _drain(receive)
            for message in refusal.messages:
                await send(_copied(message))
        else:
            await self._ask(caller, refusal, scope, receive, send)

    async def _ask(self, caller: bytes, refusal: _Refusal | None, scope: Scope, receive: Receive, send: Send) -> None:
        state, told = scope.setdefault("state", {}), list[Message]()

        async def send_and_keep(message: Message) -> None:
            if state.get(_STATE):
                told.append(_copied(message))
            await send(message)

        if refusal is not None:
            refusal.is_tried = True
        try:
            await self._app(scope, receive, send_and_keep)
        finally:
            if refusal is not None:
                refusal.is_tried = False
        if told:
            self._remember(caller, _Refusal(time.monotonic(), tuple(told)))

    def _known(self, caller: bytes) -> _Refusal | None:
        refusal = self._refusals.get(caller)
        if refusal is None or time.monotonic() - refusal.at < CROWDED_SECONDS:
            return refusal
        return None

    def _remember(self, caller: bytes, refusal: _Refusal) -> None:
        self._refusals[caller] = refusal
        self._refusals.move_to_end(caller)
        while len(self._refusals) > CALLERS:
            self._refusals.popitem(last=False)


def _copied(message: Message) -> Message:
    """Other middleware writes into the headers of what is sent."""
    return {**message, "headers": list(message["headers"])} if "headers" in message else dict(message)


async def _drain(receive: Receive) -> None:
    """Reads the body and drops it, so that its sender hears the answer."""
    with suppress(HTTPException):  # too large or too slow: refused all the same
        while (await receive()).get("more_body"):
            pass
