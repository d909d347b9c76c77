"""One job from claim to result: the only place where reading meets the database."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from core import errors, jobs, organizations, sealed
from core.db.tables import Job
from core.documents import DocumentKind, Failure, FailureReason, Reading
from core.settings import settings
from core.states import Stage
from core.transaction import transaction
from worker.reading import read, result

log = structlog.get_logger()

GIVEN_UP = Failure(
    FailureReason.READER_FAILED,
    "The reader failed on this picture several times. It is our fault; nothing was charged. Try another picture.",
)


def run_job(job_id: UUID) -> None:
    """Claims a job, reads its picture and records the outcome. Safe to call twice, from anywhere, at any time."""
    with transaction() as db:
        job = jobs.claim(db, job_id, lease=_lease(), max_claims=settings().max_claims)
    if job is None:
        return
    log.info("job.claimed", job_id=str(job.id), claims=job.claims)
    started = time.monotonic()
    try:
        _read_and_record(job)
    except errors.MoveRefused:
        log.warning("job.fenced", job_id=str(job.id), claims=job.claims)
    except Exception as error:  # noqa: BLE001 - a reader's bug must cost one attempt, never the job
        log.error("job.reader_failed", job_id=str(job.id), claims=job.claims, error=type(error).__name__)
        give_back(job)
    else:
        log.info("job.finished", job_id=str(job.id), ms=round(1000 * (time.monotonic() - started)))


def give_back(job: Job) -> None:
    """Returns a claimed job to the queue after a growing pause, or ends it when its claims are used up."""
    with suppress(errors.MoveRefused), transaction() as db:
        if job.claims >= settings().max_claims:
            jobs.fail(db, job, GIVEN_UP)
        else:
            jobs.release(db, job, delay=timedelta(seconds=2**job.claims))


def _read_and_record(job: Job) -> None:
    picture = sealed.open_picture(job)
    options = read.ReadingOptions(max_pixels=settings().max_pixels, engine=settings().reader)
    reading = read.read(
        picture,
        document=DocumentKind(job.document),
        options=options,
        on_stage=lambda stage: _tell(job, Stage(stage)),
    )
    with transaction() as db:
        failure = reading.failure or _strict_failure(db, job, reading)
        if failure is None:
            jobs.receive(db, job, result.as_json(reading))
        else:
            jobs.fail(db, job, failure)
    with transaction() as db:
        jobs.forget_picture(db, job)


def _strict_failure(db: Session, job: Job, reading: Reading) -> Failure | None:
    """Wrong check digits fail for an organization that asked for it; for all others they are part of the result."""
    wrong = [check.name for check in reading.checks if check.name.endswith("check_digit") and check.verdict == "fail"]
    if not wrong or not organizations.get(db, job.organization_id).is_strict:
        return None
    detail = f"The print fails its own checks ({', '.join(wrong)}). Photograph it again; if it fails again, doubt it."
    return Failure(FailureReason.WRONG_CHECK_DIGITS, detail)


def _tell(job: Job, stage: Stage) -> None:
    with transaction() as db:
        jobs.record_stage(db, job, stage, lease=_lease())


def _lease() -> timedelta:
    return timedelta(seconds=settings().lease_seconds)
