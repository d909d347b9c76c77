"""The one table from our errors to HTTP, and the one body they all have: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api import shedding
from core import errors

PROBLEM = "application/problem+json"
RETRY_SECONDS = 5
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

#: The nearest class in an error's ancestry decides.
STATUS: dict[type[errors.IdmillError], HTTPStatus] = {
    errors.KeyRefused: HTTPStatus.UNAUTHORIZED,
    errors.ScopeMissing: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Erased: HTTPStatus.GONE,
    errors.UploadMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UploadEmpty: HTTPStatus.BAD_REQUEST,
    errors.UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UploadTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    errors.UploadUnsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.RequestInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AttemptsExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.SubscriptionRefused: HTTPStatus.FORBIDDEN,
    errors.TargetRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RequestKeyInvalid: HTTPStatus.BAD_REQUEST,
    errors.RequestKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RequestKeyBusy: HTTPStatus.CONFLICT,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.SessionClosed: HTTPStatus.CONFLICT,
    errors.MoveRefused: HTTPStatus.CONFLICT,
    errors.TemporarilyUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

#: What `api.uploads.BodyLimit` says of a body in the framework's words.
OF_BODIES: dict[int, type[errors.IdmillError]] = {
    STATUS[kind].value: kind for kind in (errors.UploadTooLarge, errors.UploadTooSlow)
}

#: What the framework refuses by itself, said so that the caller can mend it.
SAID = {
    HTTPStatus.BAD_REQUEST: "The body is not well-formed multipart/form-data; use your HTTP library's form upload.",
    HTTPStatus.NOT_FOUND: "There is no such path here; /openapi.json lists them all.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not take that method; the Allow header names those it takes.",
}

#: What every operation answers besides its success, for the OpenAPI document.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem document, RFC 9457: `code` is stable, `detail` says what to do",
        "content": {
            PROBLEM: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "code"],
                    "properties": {
                        "type": {"type": "string", "format": "uri"},
                        "title": {"type": "string"},
                        "status": {"type": "integer", "minimum": 400, "maximum": 599},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                    },
                }
            }
        },
    }
}

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)

log = structlog.get_logger()


def status_of(error: errors.IdmillError) -> HTTPStatus:
    """The HTTP status of an error of ours."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: int, code: str, detail: str, *, retry_seconds: int | None = None, **more: Any) -> JSONResponse:
    """One problem document. `code` is stable, `detail` says what was wrong and what to do."""
    body = {
        "type": f"urn:idmill:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **more,
    }
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="idmill"'
    if retry_seconds is not None or status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = str(retry_seconds or RETRY_SECONDS)
    return JSONResponse(body, status_code=status, headers=headers, media_type=PROBLEM)


def install(app: FastAPI) -> None:
    """Gives every error of the application its problem document."""
    app.add_exception_handler(errors.IdmillError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _from_framework)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.IdmillError)  # noqa: S101 - narrows the type that Starlette widened
    shedding.note(request, error)
    return problem(status_of(error), error.code, str(error), retry_seconds=error.retry_seconds)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Names every field that cannot be used; never repeats what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places = [{"field": _place_of(one), "message": one["msg"]} for one in error.errors()]
    if any(place["field"] == "image" for place in places):
        return await _expected(request, errors.UploadMissing())
    detail = "; ".join(f"{place['field']}: {place['message']}" for place in places)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, errors.RequestInvalid.code, detail, errors=places)


def _place_of(wrong: Mapping[str, Any]) -> str:
    """Where in the request; the name of a field that nobody knows is what was sent, and is left out."""
    place = wrong["loc"][1:-1] if wrong["type"] == "extra_forbidden" else wrong["loc"][1:]
    return ".".join(str(part) for part in place) or "body"


async def _from_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = HTTPStatus(error.status_code)
    if status in OF_BODIES:
        return await _expected(request, OF_BODIES[status]())
    response = problem(status, status.phrase.lower().replace(" ", "-"), SAID.get(status, str(error.detail)))
    response.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_methods_of(request))
    return response


def _methods_of(request: Request) -> list[str]:
    """What the path of a request takes; Starlette names the methods of the first route alone."""
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


async def _database_away(_request: Request, error: Exception) -> JSONResponse:
    log.error("api.database_failed", error=type(error).__name__)
    away = errors.TemporarilyUnavailable("The database is away; nothing was lost. Send the request again.")
    return await _expected(_request, away)


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("api.failed", error=type(error).__name__)
    return problem(500, "internal-error", "Something went wrong here. Send the request again, or tell the operator.")
