"""The way in that every dialect shares: an upload becomes a stored picture, then a job; and the wait for its end."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, UploadFile
from fastapi.concurrency import run_in_threadpool

from api import uploads
from api.dependencies import run
from core import errors, jobs, sealed
from core.db.tables import Job
from core.transaction import transaction


async def take(organization_id: UUID, upload: UploadFile, wanted: jobs.Request) -> Job:
    """The job for an upload, kept safe before this returns. Raises what `uploads.receive` and `jobs.accept` raise."""
    jobs.must_be_readable(wanted.document)
    picture, media_type = await uploads.receive(upload)
    return await run_in_threadpool(_accept, organization_id, picture, media_type, wanted)


async def until_ended(request: Request, organization_id: UUID, job_id: UUID, seconds: int) -> Job:
    """The job once it has ended, or as it is after so many seconds. Raises `NotFound`, `Erased`."""
    with request.app.state.waiters.bell(job_id) as bell:
        job = await run(jobs.get, organization_id, job_id)
        if job.is_open and seconds:
            await bell.wait(seconds)
            job = await run(jobs.get, organization_id, job_id)
    return job


def _accept(organization_id: UUID, picture: bytes, media_type: str, wanted: jobs.Request) -> Job:
    stored = sealed.store_picture(organization_id, picture, media_type)
    try:
        with transaction() as db:
            return jobs.accept(db, stored, wanted)
    except errors.IdmillError:
        # A refusal is certain. After any other error the commit may stand, and then the picture is needed.
        sealed.forget_picture(stored)
        raise
