"""What a route may ask for: who is calling, a page of a list, an instant; and `run` for work on the database."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, BeforeValidator
from sqlalchemy.orm import Session

from api import limits, quotas
from core import audit, errors, keys
from core.keys import Scope
from core.transaction import EVERYBODY, act_for, transaction

P = ParamSpec("P")
T = TypeVar("T")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer KEY`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="`X-API-Key: KEY`")


async def run(action: Callable[Concatenate[Session, P], T], *values: P.args, **named: P.kwargs) -> T:
    """Runs a function of (db, values) in one transaction on a worker thread; no connection is held afterwards."""

    def in_transaction() -> T:
        with transaction() as db:
            return action(db, *values, **named)

    return await run_in_threadpool(in_transaction)


async def let_in(request: Request, text: str) -> keys.Caller:
    """The caller behind a key, one call counted; the request sees their rows from now on, and no others.

    Raises `KeyRefused`, `TooManyCalls`.
    """
    who, count = await run_in_threadpool(_authenticate, text)
    act_for(who.organization_id)
    audit.act_as(f"key:{who.key_id}")
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
    with transaction(EVERYBODY) as db:  # whose key it is, is what is asked
        who = keys.authenticate(db, text)
    return who, quotas.count_call(who.organization_id, who.calls_per_minute)


def _with(scope: Scope) -> Callable[[keys.Caller], Awaitable[keys.Caller]]:
    async def checked(who: Annotated[keys.Caller, Depends(caller)]) -> keys.Caller:
        who.must_have(scope)
        if scope is Scope.ADMIN:
            act_for(EVERYBODY)
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


def _written_out(instant: object) -> object:
    if not isinstance(instant, str) or not _DATE.match(instant):
        raise ValueError("use RFC 3339, as in 2026-11-22T16:00:00Z")
    return instant


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]  #: a count of seconds, which pydantic takes, is none
Before = Annotated[UUID | None, Depends(_before)]
Limit = Annotated[int, Query(ge=1, le=100, description="jobs on one page")]
