"""One job from claim to result: the only place where reading meets the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import crash_points, errors, jobs, organizations, sealed, tracing, turns
from core.crash_points import CrashPoint
from core.db.tables import Job
from core.documents import Failure, FailureReason
from core.settings import settings
from core.states import Stage
from core.transaction import transaction
from worker import hold
from worker.reader.supervised import Outcome, ReaderDied, ReaderFailed, ReaderUnavailable

log = structlog.get_logger()

GIVEN_UP = Failure(
    FailureReason.READER_FAILED,
    "The reader failed on this picture several times. It is our fault; nothing was charged. Try another picture.",
)
RECORD_PAUSE_SECONDS = 0.5


def run_next_job() -> None:
    """Claims the job whose turn it is, reads its picture and records the outcome. Safe to call at any time."""
    if hold.is_leaving():
        return
    with transaction() as db:
        job = jobs.claim_next(db, served=hold.served(), lease=_lease(), max_claims=settings().max_claims)
    if job is None:
        return
    hold.note_served(job.organization_id)
    log.info("job.claimed", job_id=str(job.id), claims=job.claims)
    crash_points.reach(CrashPoint.AFTER_CLAIM)
    with tracing.span("job", job.trace, job_id=job.id, session_id=job.session_id, claims=job.claims):
        _run(job)


def _run(job: Job) -> None:
    started = time.monotonic()
    try:
        _read_and_record(job)
    except errors.MoveRefused:
        log.warning("job.fenced", job_id=str(job.id), claims=job.claims)
        with suppress(SQLAlchemyError), transaction() as db:
            jobs.note_fenced(db, job)
    except hold.Leaving:
        log.info("job.handed_over", job_id=str(job.id), claims=job.claims)
        with suppress(errors.MoveRefused), transaction(job.organization_id) as db:
            jobs.hand_over(db, job)
    except ReaderDied as died:
        log.warning("job.reader_died", job_id=str(job.id), claims=job.claims, reason=died.death.value)
        give_back(job, died.death.value, reader_died=True)
    except (ReaderFailed, ReaderUnavailable) as failed:
        log.error("job.reader_failed", job_id=str(job.id), claims=job.claims, error=str(failed))
        give_back(job, "error")
    except Exception as error:  # noqa: BLE001 - a bug, or Postgres or the blobs are away: one claim, never the job
        log.error("job.failed", job_id=str(job.id), claims=job.claims, error=type(error).__name__)
        give_back(job, "error")
    else:
        log.info("job.finished", job_id=str(job.id), ms=round(1000 * (time.monotonic() - started)))


def give_back(job: Job, trouble: str, *, reader_died: bool = False) -> None:
    """Returns a claimed job to the queue after a growing pause, or ends it when its claims are used up."""
    with suppress(errors.MoveRefused, SQLAlchemyError), transaction(job.organization_id) as db:  # or the lease runs out
        if job.claims >= settings().max_claims:
            keep = timedelta(hours=settings().dead_hours)
            jobs.bury(db, job, GIVEN_UP, keep=keep, trouble=trouble, reader_died=reader_died)
        else:
            delay = timedelta(seconds=2 ** (job.claims - 1))
            jobs.release(db, job, delay=delay, trouble=trouble, reader_died=reader_died)


def _read_and_record(job: Job) -> None:
    with tracing.span("job.read", job_id=job.id):
        outcome = _read(job)
    crash_points.reach(CrashPoint.AFTER_READING)
    with tracing.span("job.record", job_id=job.id):
        _persistently(job, lambda db: _record(db, job, outcome))
    crash_points.reach(CrashPoint.AFTER_FINISH)
    try:
        with transaction(job.organization_id) as db:
            jobs.forget_served_picture(db, job)
    except Exception as error:  # noqa: BLE001 - the job has ended; the sweeper forgets what is left
        log.warning("job.picture_kept", job_id=str(job.id), error=type(error).__name__)


def _read(job: Job) -> Outcome:
    picture = sealed.open_picture(job)
    with hold.reader(alone=job.crashes >= turns.SUSPECT_AFTER) as reader:
        return reader.read(
            picture,
            job.document,
            max_pixels=settings().max_pixels,
            on_stage=lambda stage: _tell(job, Stage(stage)),
            on_tick=hold.Pulse(lambda: _extend(job), seconds=settings().lease_seconds / 3),
        )


def _record(db: Session, job: Job, outcome: Outcome) -> None:
    failure = _failure(outcome) or _strict_failure(db, job, outcome)
    if failure is None and outcome.result is not None:
        jobs.receive(db, job, outcome.result)
    else:
        jobs.fail(db, job, failure or GIVEN_UP)
    crash_points.reach(CrashPoint.BEFORE_FINISH)


def _failure(outcome: Outcome) -> Failure | None:
    if outcome.failure is None:
        return None
    return Failure(**{**outcome.failure, "reason": FailureReason(outcome.failure["reason"])})


def _strict_failure(db: Session, job: Job, outcome: Outcome) -> Failure | None:
    """Wrong check digits fail for an organization that asked for it; for all others they are part of the result."""
    checks = (outcome.result or {}).get("checks", ())
    wrong = [check["name"] for check in checks if check["name"].endswith("check_digit") and check["verdict"] == "fail"]
    if not wrong or not organizations.get(db, job.organization_id).is_strict:
        return None
    detail = f"The print fails its own checks ({', '.join(wrong)}). Photograph it again; if it fails again, doubt it."
    return Failure(FailureReason.WRONG_CHECK_DIGITS, detail)


def _persistently(job: Job, record: Callable[[Session], None]) -> None:
    """Tries as long as the lease can hold: a restart of Postgres must not cost a reading."""
    give_up_at = time.monotonic() + settings().lease_seconds
    while True:
        try:
            with transaction(job.organization_id) as db:
                return record(db)
        except SQLAlchemyError:
            if time.monotonic() >= give_up_at:
                raise
        time.sleep(RECORD_PAUSE_SECONDS)


def _tell(job: Job, stage: Stage) -> None:
    with suppress(SQLAlchemyError), transaction(job.organization_id) as db:  # it may be back before the lease is over
        jobs.record_stage(db, job, stage, lease=_lease())


def _extend(job: Job) -> None:
    with suppress(SQLAlchemyError), transaction(job.organization_id) as db:
        jobs.extend(db, job, lease=_lease())


def _lease() -> timedelta:
    return timedelta(seconds=settings().lease_seconds)
