"""Batches over HTTP: many pictures in one request, one id, progress, and every result in one place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api import archives, uploads, views
from api.archives import Item
from api.dependencies import Reader, Writer, run
from api.idempotency import Made, Once
from api.views import View
from core import batches, errors, jobs, sealed
from core.db.tables import Batch, BatchItem, Job
from core.documents import DocumentKind
from core.settings import settings
from core.states import JobState, Status, status_of

router = APIRouter(prefix="/v1/batches", tags=["batches"])

Stored = tuple[str, sealed.StoredPicture | errors.IdmillError]
POLL_SECONDS = 2


class RefusalView(View):
    code: str
    detail: str


class BatchItemView(View):
    """One file of a batch."""

    position: int
    name: str
    status: Status
    """FAILED also when it never became a job: then `refusal` says why."""
    refusal: RefusalView | None
    job: views.JobView | None
    """null when it was refused, or erased."""


class BatchView(View):
    """Several uploads, as they stand."""

    id: UUID
    status: str
    """`CREATED` until every item has its outcome, then `FINISHED`."""
    total: int
    finished: int
    received: int
    failed: int
    created_at: datetime
    finished_at: datetime | None
    items: list[BatchItemView]


@router.post("", status_code=202, response_model=BatchView)
async def create_batch(
    caller: Writer,
    once: Once,
    images: Annotated[list[UploadFile] | None, File(description="one part for each picture")] = None,
    archive: Annotated[UploadFile | None, File(description="or a ZIP of pictures")] = None,
    document: Annotated[DocumentKind, Form(description="what the pictures show")] = DocumentKind.AUTO,
    callback_url: Annotated[str | None, Form(max_length=2048, description="told of the end of every job")] = None,
) -> Any:
    """Takes many pictures at once. Each becomes a job, or says why it could not.

    Poll the `Location`, or take the `batch.finished` event.
    """
    replayed = await once.replayed()
    if replayed is not None:
        return replayed
    stored = await run_in_threadpool(lambda: list(_store(caller.organization_id, _items(images or [], archive))))
    wanted = jobs.Request(document, callback_url=callback_url)
    taken: set[UUID] = set()
    try:
        return await once.make(lambda db: _accept(db, caller.organization_id, stored, wanted, taken))
    except errors.IdmillError:
        taken.clear()
        raise
    finally:
        await run_in_threadpool(_forget_all_but, stored, taken)


@router.get("/{batch_id}", response_model=BatchView, responses={304: {"description": "unchanged"}})
async def get_batch(
    request: Request,
    response: Response,
    caller: Reader,
    batch_id: UUID,
    wait: Annotated[int, Query(ge=0, description="seconds to wait for the end of the batch; longer ones are cut")] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """The batch as it stands, or as it ends within `wait` seconds, with the result of every item that has one."""
    with request.app.state.waiters.bell(batch_id) as bell:
        made = await run(_show, caller.organization_id, batch_id)
        if made.content["finished_at"] is None and wait:
            await bell.wait(min(wait, settings().max_wait_seconds))
            made = await run(_show, caller.organization_id, batch_id)
    response.headers.update(made.headers)
    if if_none_match == made.headers["ETag"]:
        return Response(status_code=304, headers=made.headers)
    return made.content


def _items(images: list[UploadFile], archive: UploadFile | None) -> Iterator[Item]:
    if (archive is None) == (not images):
        archives.must_be_few(0)
    if archive is not None:
        yield from archives.entries(archive.file)
        return
    archives.must_be_few(len(images))
    for image in images:
        too_large = (image.size or 0) > settings().max_upload_bytes
        yield image.filename or "", errors.UploadTooLarge() if too_large else image.file.read()


def _store(organization_id: UUID, items: Iterator[Item]) -> Iterator[Stored]:
    """Each picture sealed and on disk, or why it is not. One is held in memory at a time."""
    for name, content in items:
        if isinstance(content, errors.IdmillError):
            yield name, content
            continue
        try:
            if not content:
                raise errors.UploadEmpty("This file holds no bytes.")
            media_type = uploads.media_type_of(content[: uploads.HEAD_BYTES])
        except errors.UploadRefused as refused:
            yield name, refused
        else:
            yield name, sealed.store_picture(organization_id, content, media_type)


def _accept(db: Session, organization_id: UUID, stored: list[Stored], wanted: jobs.Request, taken: set[UUID]) -> Made:
    """The batch and its jobs in one transaction; `taken` gets the ids of the jobs."""
    batch = batches.start(db, organization_id, [name for name, _ in stored])
    request = jobs.Request(wanted.document, callback_url=wanted.callback_url, batch_id=batch.id)
    for position, (_, picture) in enumerate(stored):
        try:
            if isinstance(picture, errors.IdmillError):
                raise picture
            with db.begin_nested():
                job = jobs.accept(db, picture, request)
        except (errors.UploadRefused, errors.SubscriptionRefused, errors.TooManyOpenJobs) as refused:
            batches.note_refusal(db, batch, position, refused)
        else:
            taken.add(job.id)
            batches.note_job(db, batch, position, job)
    db.flush()
    return _show(db, organization_id, batch.id)


def _forget_all_but(stored: list[Stored], taken: set[UUID]) -> None:
    for _, picture in stored:
        if isinstance(picture, sealed.StoredPicture) and picture.job_id not in taken:
            sealed.forget_picture(picture)


def _show(db: Session, organization_id: UUID, batch_id: UUID) -> Made:
    batch = batches.get(db, organization_id, batch_id)
    items = [
        _show_item(item, job, name)
        for (item, job), name in zip(batches.items_of(db, batch), batches.names_of(batch), strict=True)
    ]
    received = sum(item["status"] is Status.RECEIVED for item in items)
    finished = batch.total - batch.open
    content = {
        "id": batch.id,
        "status": "CREATED" if batch.finished_at is None else "FINISHED",
        "total": batch.total,
        "finished": finished,
        "received": received,
        "failed": finished - received,
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
        "items": items,
    }
    return Made(content, headers=_headers(batch))


def _show_item(item: BatchItem, job: Job | None, name: str) -> dict[str, Any]:
    is_there = job is not None and job.state != JobState.ERASED
    return {
        "position": item.position,
        "name": name,
        "status": Status.FAILED if job is None else status_of(JobState(job.state)),
        "refusal": item.refusal,
        "job": views.job(job) if job is not None and is_there else None,
    }


def _headers(batch: Batch) -> dict[str, str]:
    headers = {"Location": f"/v1/batches/{batch.id}", "ETag": f'"{batch.version}"', "Cache-Control": "no-store"}
    return headers if batch.finished_at is not None else {**headers, "Retry-After": str(POLL_SECONDS)}
