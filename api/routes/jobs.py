"""Jobs over HTTP: upload, poll, list, erase."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api import backlog, intake, views
from api.dependencies import Before, Instant, Limit, Reader, Writer, cursor_of, run
from api.idempotency import Made, Once
from core import errors, jobs
from core.db.tables import Job
from core.documents import DocumentKind
from core.settings import settings
from core.states import Status

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

METADATA_BYTES = 4096
BUSY_SPARE_SECONDS = 5  #: an answer that waits for the job's end is counted as lost so long after it


@router.post("", status_code=202, response_model=views.JobView)
async def create_job(
    request: Request,
    caller: Writer,
    once: Once,
    image: Annotated[UploadFile, File(description="JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF")],
    document: Annotated[DocumentKind, Form(description="what the picture shows")] = DocumentKind.AUTO,
    session_id: Annotated[UUID | None, Form(description="one more attempt at this session")] = None,
    end_client: Annotated[str | None, Form(max_length=200, description="your name for your customer")] = None,
    metadata: Annotated[str | None, Form(max_length=METADATA_BYTES, description="a JSON object, handed back")] = None,
    callback_url: Annotated[str | None, Form(max_length=2048, description="told of the end of this one job")] = None,
    prefer: Annotated[str | None, Header(description="`wait=N`: up to N seconds for the result")] = None,
) -> Any:
    """Takes a picture and answers with the job that will read it.

    Poll the `Location`, at the pace that `Retry-After` says. With `Prefer: wait=N` the answer comes when the job has
    ended (200) or after N seconds (202); `Preference-Applied` names the wait that was granted.

    The `callback_url` gets this job's event, signed with the secret of your endpoint for callbacks: the one without a
    URL in `GET /v1/webhook-endpoints`; `rotate-secret` shows it.
    """
    wanted = jobs.Request(document, session_id, end_client, _parse_metadata(metadata), callback_url=callback_url)
    seconds = _preferred_wait(prefer)
    waited = {"Preference-Applied": f"wait={seconds}"} if seconds else {}
    show = partial(_accepted, headers=waited)
    answer, job = await intake.take_once(
        once, caller.organization_id, image, wanted, show, busy_seconds=seconds + BUSY_SPARE_SECONDS if seconds else 0
    )
    if job is None or not seconds:
        return answer
    ended = await intake.until_ended(request, caller.organization_id, job.id, seconds)
    return await once.better(await run(show, ended))


@router.get("/{job_id}", response_model=views.JobView, responses={304: {"description": "unchanged"}})
async def get_job(
    request: Request,
    response: Response,
    caller: Reader,
    job_id: UUID,
    wait: Annotated[int, Query(ge=0, description="seconds to wait for the end of the job; longer ones are cut")] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """The job as it stands, or as it ends within `wait` seconds. Send the ETag back to be answered 304 meanwhile."""
    seconds = min(wait, settings().max_wait_seconds)
    made = await intake.watch(request, caller.organization_id, job_id, seconds, _show)
    if if_none_match == made.headers["ETag"]:
        return Response(status_code=304, headers=made.headers)
    response.headers.update(made.headers)
    return made.content


@router.get(
    "/{job_id}/picture",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "as it was uploaded"}},
)
async def get_picture(caller: Reader, job_id: UUID) -> Response:
    """The picture as it was uploaded, while it is kept: until its job ends, or the hours that you asked for longer."""
    job = await run(jobs.get, caller.organization_id, job_id)
    picture = await run_in_threadpool(jobs.show_picture, job)
    headers = {"Content-Disposition": "attachment", "Cache-Control": "no-store"}
    return Response(picture, media_type="application/octet-stream", headers=headers)


@router.get("", response_model=views.JobPage)
async def list_jobs(
    caller: Reader,
    before: Before,
    status: Annotated[Status | None, Query()] = None,
    document: Annotated[DocumentKind | None, Query()] = None,
    session_id: Annotated[UUID | None, Query()] = None,
    created_after: Annotated[Instant | None, Query()] = None,
    created_before: Annotated[Instant | None, Query()] = None,
    limit: Limit = 20,
) -> Any:
    """Your jobs, newest first. Follow `next_cursor` until it is null."""
    filters = jobs.Filters(status, session_id, document, created_after, created_before)
    found = await run(jobs.page, caller.organization_id, filters, before=before, limit=limit + 1)
    shown = found[:limit]
    return {
        "items": [views.job(job) for job in shown],
        "next_cursor": cursor_of(shown[-1].id) if len(found) > limit else None,
    }


@router.delete("/{job_id}", status_code=204)
async def erase_job(caller: Writer, job_id: UUID) -> None:
    """Erases the picture and everything read from it, for good. A running job is stopped."""
    await run(jobs.erase, caller.organization_id, job_id)


def _accepted(db: Session, job: Job, *, headers: dict[str, str]) -> Made:
    shown = _show(db, job)
    headers = {"Location": f"/v1/jobs/{job.id}", **headers, **shown.headers}
    return Made(shown.content, 202 if job.is_open else 200, headers, job.id)


def _show(db: Session | None, job: Job) -> Made:
    """The job as its answer tells it; one that is open needs the database, for its place in the queue."""
    headers = {"ETag": f'"{job.version}"', "Cache-Control": "no-store"}
    place = None if db is None else backlog.place(db, job)
    if place is not None:
        headers["Retry-After"] = str(place.retry_seconds)
    return Made(views.job(job, place), headers=headers)


def _preferred_wait(prefer: str | None) -> int:
    """The seconds of `wait=N` in a Prefer header, within our limit; 0 without. RFC 7240, 4.3."""
    for preference in (prefer or "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.strip().lower() == "wait" and value.strip().isdigit():
            return min(int(value), settings().max_wait_seconds)
    return 0


def _parse_metadata(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or "\\u0000" in text:
        raise errors.RequestInvalid("metadata: send a JSON object as text, without the character U+0000.")
    return value
