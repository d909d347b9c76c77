"""The MRZ service of biometric.kz, wire for wire: a multipart request is answered with the reading itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import State
from starlette.exceptions import HTTPException

from api import intake
from api.dependencies import let_in
from core import errors, jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind, FailureReason
from core.keys import Scope
from core.states import JobState, Status, status_of

PATH = "/api/v1/backend"
NOT_AVAILABLE = "MRZ service not available now"
NOT_PARSED = "Error while parsing MRZ"

Image = Annotated[UploadFile, File(description="JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF")]
OptionalImage = Annotated[UploadFile | None, File(description="JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF")]
ApiKey = Annotated[str, Form(description="API key of the organization")]
EndClient = Annotated[str | None, Form(max_length=200, description="IIN or personal number of the subject")]

log = structlog.get_logger()

#: Status and text of each refusal, as the service documents them. The nearest class in an error's ancestry decides.
REFUSALS: dict[type[errors.IdmillError], tuple[int, str]] = {
    errors.KeyRefused: (401, "Invalid API key."),
    errors.ScopeMissing: (403, "You do not have permission to perform this action."),
    errors.NotStarted: (400, "Subscription has not started"),
    errors.NotActive: (400, "No active or future subscription for technology"),
    errors.LimitReached: (400, "No active or future subscription for technology"),
    errors.NoSubscription: (400, "Client does not have subscription"),
    errors.TechnologyMissing: (400, "Client does not have access to MRZ technology"),
    errors.AttemptsExceeded: (400, "MRZ max attempts exceeded"),
    errors.UploadRefused: (422, NOT_PARSED),
    errors.RequestInvalid: (400, "Invalid request."),
    errors.IdmillError: (503, NOT_AVAILABLE),
}

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused or not read: "
        + "; ".join(sorted({f"{status} {text}" for status, text in REFUSALS.values()})),
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
            }
        },
    }
}


def create_app(state: State) -> FastAPI:
    """The dialect as an application of its own, to be mounted at `PATH`. `state` is the outer application's."""
    title = "idmill: MRZ as biometric.kz serves it"
    app = FastAPI(title=title, version="1", redirect_slashes=False, responses=DOCUMENTED)
    app.state = state
    for path, endpoint in (("/mrz/retrieve", retrieve_mrz), ("/document/parse", parse_document)):
        app.add_api_route(path + "/", endpoint, methods=["POST"])
        app.add_api_route(path, endpoint, methods=["POST"], include_in_schema=False)
    for path in ("/erd/retrieve/", "/erd/retrieve"):
        app.add_api_route(path, name_the_right_path, methods=["GET", "POST"], include_in_schema=False)
    for kind in (errors.IdmillError, RequestValidationError, HTTPException, SQLAlchemyError, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


async def retrieve_mrz(request: Request, api_key: ApiKey, image: Image, personal_number: EndClient = None) -> Any:
    """Reads the MRZ of a picture and answers with its lines, as they are printed."""
    organization_id = await _organization(request, api_key)
    wanted = jobs.Request(DocumentKind.MRZ, end_client=personal_number)
    job = await intake.read(request, organization_id, image, wanted)
    return _answer(job, _mrz_lines)


async def parse_document(
    request: Request,
    api_key: ApiKey,
    frontside_image: OptionalImage = None,
    backside_image: OptionalImage = None,
    personal_number: EndClient = None,
) -> Any:
    """Reads a document from the pictures of its sides: the back first, where cards print their MRZ."""
    organization_id = await _organization(request, api_key)
    sides = [side for side in (backside_image, frontside_image) if side is not None]
    if not sides:
        raise errors.RequestInvalid
    wanted = jobs.Request(DocumentKind.ID_CARD, end_client=personal_number)
    job = await intake.read(request, organization_id, sides[0], wanted)
    if job.state == JobState.FAILED and len(sides) > 1:
        again = jobs.Request(DocumentKind.ID_CARD, session_id=job.session_id)
        job = await intake.read(request, organization_id, sides[1], again)
    return _answer(job, _document)


async def name_the_right_path() -> Any:
    """The path that the service's prose prints belongs to another technology."""
    raise HTTPException(404, f"Not found. The MRZ technology is at {PATH}/mrz/retrieve/")


async def _organization(request: Request, api_key: str) -> UUID:
    caller = await let_in(request, api_key)
    caller.must_have(Scope.JOBS_WRITE)
    return caller.organization_id


def _answer(job: Job, read_out: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The body of a session that received its document. Raises HTTPException for one that failed."""
    if status_of(JobState(job.state)) is not Status.RECEIVED:
        ours = job.failure is not None and job.failure["reason"] == FailureReason.READER_FAILED
        raise HTTPException(503 if ours else 422, NOT_AVAILABLE if ours else NOT_PARSED)
    return {
        "backend_session": str(job.session_id),
        "backend_session_id": str(job.session_id),
        "status": Status.RECEIVED.value,
        "result": True,
        **read_out(sealed.open_result(job) or {}),
        "failure_reason": None,
    }


def _mrz_lines(result: dict[str, Any]) -> dict[str, Any]:
    mrz = result.get("mrz")
    return {"mrz_string": "\n".join(mrz["lines"]) if mrz else None}


def _document(result: dict[str, Any]) -> dict[str, Any]:
    fields = {name: field["value"] for name, field in result["fields"].items()}
    return {"document_type": result["document_type"], "document": fields, **_mrz_lines(result)}


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    status, detail = _status_and_detail(error)
    if status >= 500:
        log.error("biometric.not_available", error=type(error).__name__)
    return JSONResponse({"detail": detail}, status_code=status, headers=getattr(error, "headers", None))


def _status_and_detail(error: Exception) -> tuple[int, str]:
    if isinstance(error, errors.IdmillError):
        return next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    if isinstance(error, RequestValidationError):
        fields = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
        return 400, f"Missing or invalid: {fields}. Send multipart/form-data with api_key and a picture."
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    return 503, NOT_AVAILABLE
