"""Who is calling: appKey and secretKey in version 2.0, a bearer token beside the appKey in 2.1."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.dependencies import let_in, run
from api.dialects.nhn.codes import Code, Refused
from core import errors, keys
from core.db.tables import ApiKey
from core.keys import PUBLIC_ID, Scope


class Version(StrEnum):
    """The generations with an envelope. They differ in how a caller is known, and in nothing else."""

    V2_0 = "v2.0"
    V2_1 = "v2.1"


async def organization_of(request: Request, app_key: str) -> UUID:
    """The organization that calls. Raises `Refused` or what `let_in` raises."""
    if request.app.version == Version.V2_1:
        return await _by_token(request, app_key)
    return await _by_secret(request, app_key)


def required(request: Request, *names: str) -> tuple[str, ...]:
    """The values of headers. Raises `Refused` unless each is there and not empty."""
    values = tuple(request.headers.get(name, "").strip() for name in names)
    if not all(values):
        raise Refused(Code.MISSING_REQUIRED_HEADER)
    return values


async def _by_secret(request: Request, app_key: str) -> UUID:
    (secret,) = required(request, "Authorization")
    if not PUBLIC_ID.fullmatch(app_key):
        raise Refused(Code.INVALID_APPKEY_SECRETKEY)
    caller = await let_in(request, keys.IssuedKey(app_key, secret).text)
    caller.must_have(Scope.NHN)
    return caller.organization_id


async def _by_token(request: Request, app_key: str) -> UUID:
    (value,) = required(request, "X-NHN-Authorization")
    scheme, _, token = value.partition(" ")
    try:
        caller = await let_in(request, token.strip() if scheme.lower() == "bearer" else "")
    except errors.KeyRefused:
        raise Refused(Code.INVALID_TOKEN) from None
    if Scope.NHN not in caller.scopes:
        raise Refused(Code.PERMISSION_DENIED)
    if not await run(_is_app_key_of, caller.organization_id, app_key):
        raise Refused(Code.INVALID_APPKEY_SECRETKEY)
    return caller.organization_id


def _is_app_key_of(db: Session, organization_id: UUID, app_key: str) -> bool:
    """Whether a living key of this organization, with the right scope, has this public id."""
    mine = select(ApiKey.scopes).where(
        ApiKey.organization_id == organization_id,
        ApiKey.public_id == app_key,
        ApiKey.revoked_at.is_(None),
        func.coalesce(ApiKey.expires_at > func.now(), True),
    )
    return Scope.NHN in (db.scalar(mine) or ()) if PUBLIC_ID.fullmatch(app_key) else False
