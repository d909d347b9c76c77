"""The MyKAD OCR API, wire for wire: a multipart picture is answered with ten strings, anything else with `error`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.datastructures import FormData, State, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api import intake, shedding, uploads
from api.dependencies import let_in
from api.dialects.mykad import fields
from api.errors import DATABASE_AWAY, RETRY_SECONDS
from core import errors, jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind, FailureReason
from core.keys import Scope
from core.states import JobState

PATH = "/api.php"
OPENAPI = Path(__file__).with_name("openapi.yaml")
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PROMPT_CHARACTERS = 1000
MOST_PARTS = 16  #: of a form; two are looked at

UNAUTHORIZED = "Unauthorized: missing or invalid API key."  #: the service's own words
NOT_AVAILABLE = "The reader did not answer in time; nothing was charged. Send the picture again."
MISCONFIGURED = "Internal server error: the server is not set up as it should be; tell its operator."
METHOD = "Method not allowed: use POST with multipart/form-data."
NO_SUCH_PATH = f"Not found: POST the picture to {PATH}."
NO_IMAGE = "Missing file: send the picture as the file part `image` of a multipart/form-data body."
WRONG_TYPE = "Wrong file type: send a JPEG, PNG, WEBP or GIF picture."

#: A page of any origin may call: it needs a key, and no cookie of ours exists that could be abused.
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Job-Id, Retry-After"}
PREFLIGHT = {
    **CORS,
    "Allow": "POST, OPTIONS",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "X-API-Key, Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}

#: The five statuses that the service documents, and for what it has no word the usual one of the class.
#: The nearest class in an error's ancestry decides; None: the error's own words.
REFUSALS: dict[type[errors.IdmillError], tuple[int, str | None]] = {
    errors.KeyRefused: (401, UNAUTHORIZED),
    errors.ScopeMissing: (403, None),
    errors.SubscriptionRefused: (403, None),
    errors.TooMany: (429, None),
    errors.UploadUnsupported: (400, WRONG_TYPE),
    errors.UploadRefused: (400, None),
    errors.RequestInvalid: (400, None),
    errors.IdmillError: (502, NOT_AVAILABLE),
}

#: Pictures that nobody can look at: the request is wrong. Any other picture without a card has ten unknown values.
NO_PICTURE = frozenset(
    {FailureReason.DAMAGED_PICTURE, FailureReason.TOO_MANY_PIXELS, FailureReason.UNSUPPORTED_PICTURE}
)
OUR_FAULT = frozenset({FailureReason.READER_FAILED})

log = structlog.get_logger()


def create_app(state: State) -> Starlette:
    """The dialect as an application of its own for `PATH` and all below it. `state` is the outer application's."""
    app = Starlette(
        routes=[
            Route(PATH, read_card, methods=["POST"]),
            Route(PATH, allow_other_origins, methods=["OPTIONS"]),
            Route(f"{PATH}/openapi.yaml", describe, methods=["GET"]),
        ],
        exception_handlers=dict.fromkeys((errors.IdmillError, HTTPException, SQLAlchemyError, Exception), _refuse),
    )
    app.router.redirect_slashes = False
    app.state = state
    return app


async def read_card(request: Request) -> Response:
    """Ten strings for one picture. The key is asked for before the body is looked at."""
    caller = await let_in(request, _key_in(request))
    caller.must_have(Scope.JOBS_WRITE)
    async with request.form(max_files=MOST_PARTS, max_fields=MOST_PARTS) as form:
        image = await _image_in(form)
        prompt = _prompt_in(form)
        # a prompt is kept for whoever looks the job up; what is read and how it is told never depends on it
        wanted = jobs.Request(DocumentKind.MYKAD, metadata={"prompt": prompt} if prompt else None)
        job = await intake.read(request, caller.organization_id, image, wanted)
    return JSONResponse(_answer(job), headers={**CORS, "X-Job-Id": str(job.id)})


async def allow_other_origins(_request: Request) -> Response:
    """What browsers ask before they send a key from another page; it needs none itself."""
    return Response(status_code=204, headers=PREFLIGHT)


async def describe(_request: Request) -> Response:
    """The OpenAPI 3.0.3 document of this dialect."""
    return Response(OPENAPI.read_bytes(), media_type="application/yaml", headers=CORS)


def _key_in(request: Request) -> str:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    key = request.headers.get("X-API-Key") or (token if scheme.lower() == "bearer" else "")
    if not key:
        raise errors.KeyRefused
    return key


async def _image_in(form: FormData) -> UploadFile:
    image = form.get("image")
    if not isinstance(image, UploadFile):
        raise errors.UploadMissing(NO_IMAGE)
    head = await image.read(uploads.HEAD_BYTES)
    await image.seek(0)
    if not head:
        raise errors.UploadEmpty
    if uploads.media_type_of(head) not in PICTURES:
        raise errors.UploadUnsupported
    return image


def _prompt_in(form: FormData) -> str:
    prompt = form.get("prompt", "")
    if not isinstance(prompt, str) or len(prompt) > PROMPT_CHARACTERS or "\x00" in prompt:
        raise errors.RequestInvalid(f"prompt: send at most {PROMPT_CHARACTERS} characters of text.")
    return prompt.strip()


def _answer(job: Job) -> dict[str, str]:
    """The ten values of an ended job. Raises HTTPException where the picture or we are to blame."""
    if job.state == JobState.RECEIVED:
        return fields.of(sealed.open_result(job) or {})
    failure: dict[str, Any] = job.failure or {}
    reason = FailureReason(failure.get("reason", FailureReason.READER_FAILED))
    if reason in OUR_FAULT:
        raise HTTPException(502, NOT_AVAILABLE)
    if reason in NO_PICTURE:
        raise HTTPException(400, failure["detail"])
    return fields.of({})


async def _refuse(request: Request, error: Exception) -> Response:
    status, words = _status_and_words(error)
    if isinstance(error, errors.IdmillError):
        shedding.note(request, error)
    headers = {"Allow": PREFLIGHT["Allow"]} if status == 405 else {}
    if status in {429, 502}:
        headers["Retry-After"] = str(getattr(error, "retry_seconds", None) or RETRY_SECONDS)
    if status >= 500:
        log.error("mykad.failed", error=type(error).__name__, status=status)
    return JSONResponse({"error": words}, status_code=status, headers={**CORS, **headers})


def _status_and_words(error: Exception) -> tuple[int, str]:
    if isinstance(error, errors.IdmillError):
        status, words = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
        return status, words or str(error)
    if isinstance(error, DATABASE_AWAY):
        return 502, NOT_AVAILABLE
    if isinstance(error, HTTPException):
        said = {404: NO_SUCH_PATH, 405: METHOD, 408: str(errors.UploadTooSlow()), 413: str(errors.UploadTooLarge())}
        return 400 if error.status_code in {408, 413} else error.status_code, said.get(
            error.status_code, str(error.detail)
        )
    return 500, MISCONFIGURED
