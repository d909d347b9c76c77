"""The way in that every dialect shares: an upload becomes a stored picture, then a job; and the wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from api import turnstile, uploads
from api.dependencies import run
from api.idempotency import Asked, Made
from core import admission, errors, jobs, sealed
from core.db.tables import Job
from core.documents import Failure, FailureReason
from core.settings import settings
from core.states import JobState
from core.transaction import transaction

T = TypeVar("T")

ABANDONED = Failure(FailureReason.READER_FAILED, "The caller could wait no longer; nothing was charged.")


async def take(organization_id: UUID, upload: UploadFile, wanted: jobs.Request) -> Job:
    """The job for an upload, kept safe before this returns. Raises what `uploads.receive` and `jobs.accept` raise."""
    stored = await _store(organization_id, upload)
    return await run_in_threadpool(_accept, stored, wanted)


async def read(request: Request, organization_id: UUID, upload: UploadFile, wanted: jobs.Request) -> Job:
    """The ended job for an upload, within this request. One that does not end in time is given up, uncharged.

    Raises what `take` raises.
    """
    job = await take(organization_id, upload, wanted)
    job = await until_ended(request, organization_id, job.id, settings().max_wait_seconds)
    if job.is_open:
        with suppress(errors.MoveRefused):  # it ended at the last moment
            await run(jobs.give_up, organization_id, job.id, ABANDONED)
        job = await run(jobs.get, organization_id, job.id)
    return job


async def take_once(
    once: Asked,
    organization_id: UUID,
    upload: UploadFile,
    wanted: jobs.Request,
    show: Callable[[Session, Job], Made],
    *,
    busy_seconds: int = 0,
) -> tuple[Response, Job | None]:
    """As `take`, once for each Idempotency-Key: the answer, and the job when it is new.

    `show` says what the answer tells of the job; it runs in the transaction that makes the job.
    """
    replayed = await once.replayed()
    if replayed is not None:
        return replayed, None
    stored = await _store(organization_id, upload)
    made: list[Job] = []

    def make(db: Session) -> Made:
        made.append(jobs.accept(db, stored, wanted))
        return show(db, made[0])

    try:
        response = await once.make(make, busy_seconds=busy_seconds)
    except errors.IdmillError:
        await run_in_threadpool(sealed.forget_picture, stored)  # see `_accept`
        raise
    if not made:
        await run_in_threadpool(sealed.forget_picture, stored)
    return response, made[0] if made else None


async def until_ended(request: Request, organization_id: UUID, job_id: UUID, seconds: int) -> Job:
    """The job once it has ended, or as it is after so many seconds. Raises `NotFound`, `Erased`."""
    return await watch(request, organization_id, job_id, seconds, lambda _, job: job)


async def watch(
    request: Request, organization_id: UUID, job_id: UUID, seconds: int, show: Callable[[Session | None, Job], T]
) -> T:
    """As `until_ended`, with what `show` makes of the job; an open one is shown in the transaction that read it."""

    def look(db: Session) -> T:
        return show(db, jobs.get(db, organization_id, job_id))

    if not seconds:
        return await run(look)
    turnstile.leave(request)
    with request.app.state.waiters.bell(job_id) as bell:
        job = await run(jobs.get, organization_id, job_id)
        ended: Job | None = await bell.wait(seconds) if job.is_open else job
    if ended is None:
        return await run(look)
    if ended.state == JobState.ERASED:
        raise errors.Erased
    return show(None, ended)


def load(job_ids: list[UUID]) -> dict[UUID, Job]:
    """These jobs, for whoever waits for them."""
    with transaction() as db:
        return {job.id: job for job in jobs.some(db, job_ids)}


async def _store(organization_id: UUID, upload: UploadFile) -> sealed.StoredPicture:
    await run(admission.must_have_room, organization_id)  # a full house stores nothing
    picture, media_type = await uploads.receive(upload)
    return await run_in_threadpool(sealed.store_picture, organization_id, picture, media_type)


def _accept(stored: sealed.StoredPicture, wanted: jobs.Request) -> Job:
    try:
        with transaction() as db:
            return jobs.accept(db, stored, wanted)
    except errors.IdmillError:
        # A refusal is certain. After any other error the commit may stand, and then the picture is needed.
        sealed.forget_picture(stored)
        raise
