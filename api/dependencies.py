"""What a route may ask for: who is calling, a page of a list, how long to wait; and `run` for work on the database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from api import limits, quotas
from core import errors, keys
from core.keys import Scope
from core.transaction import transaction

P = ParamSpec("P")
T = TypeVar("T")

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer KEY`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="`X-API-Key: KEY`")


async def run(action: Callable[Concatenate[Session, P], T], *values: P.args, **named: P.kwargs) -> T:
    """Runs a function of (db, values) in one transaction on a worker thread; no connection is held afterwards."""

    def in_transaction() -> T:
        with transaction() as db:
            return action(db, *values, **named)

    return await run_in_threadpool(in_transaction)


async def let_in(request: Request, text: str) -> keys.Caller:
    """The caller behind a key, one call counted. Raises `KeyRefused`, `TooManyCalls`."""
    who, count = await run_in_threadpool(_authenticate, text)
    limits.note(request, count)
    return who


async def caller(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    header: Annotated[str | None, Security(_header)],
) -> keys.Caller:
    """Who is calling, by either header. Raises `KeyRefused`, `TooManyCalls`."""
    text = bearer.credentials if bearer else header
    if not text:
        raise errors.KeyRefused
    return await let_in(request, text)


def _authenticate(text: str) -> tuple[keys.Caller, quotas.CallCount | None]:
    with transaction() as db:
        who = keys.authenticate(db, text)
    return who, quotas.count_call(who.organization_id, who.calls_per_minute)


def _with(scope: Scope) -> Callable[[keys.Caller], Awaitable[keys.Caller]]:
    async def checked(who: Annotated[keys.Caller, Depends(caller)]) -> keys.Caller:
        who.must_have(scope)
        return who

    return checked


Reader = Annotated[keys.Caller, Depends(_with(Scope.JOBS_READ))]
Admin = Annotated[keys.Caller, Depends(_with(Scope.ADMIN))]
Writer = Annotated[keys.Caller, Depends(_with(Scope.JOBS_WRITE))]


def cursor_of(job_id: UUID) -> str:
    """The opaque cursor that continues a list after this job."""
    return base64.urlsafe_b64encode(job_id.bytes).decode().rstrip("=")


def _before(cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error):
        raise errors.RequestInvalid("cursor: use `next_cursor` of the page before, unchanged.") from None


Before = Annotated[UUID | None, Depends(_before)]
Limit = Annotated[int, Query(ge=1, le=100, description="jobs on one page")]
