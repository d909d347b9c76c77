"""Jobs: every move of an upload from accepted to finished or erased, each one guarded statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import (
    admission,
    audit,
    batches,
    broker,
    crash_points,
    errors,
    events,
    idempotency,
    organizations,
    sealed,
    sessions,
    storage,
    subscriptions,
    tracing,
    turns,
    webhooks,
)
from core.crash_points import CrashPoint
from core.db.tables import Fencing, Job, Organization
from core.documents import DocumentKind, Failure, FailureReason, Verdict
from core.states import ENTERED_FROM, OPEN, JobState, Stage, Status, status_of
from core.transaction import after_commit

_ENDED = (JobState.RECEIVED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for beside the picture."""

    document: DocumentKind
    session_id: UUID | None = None
    end_client: str | None = field(default=None, repr=False)
    metadata: dict[str, Any] | None = field(default=None, repr=False)
    technology: subscriptions.Technology | None = None  #: None: the usual one for this kind of document
    callback_url: str | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs a list shows; None shows all."""

    status: Status | None = None
    session_id: UUID | None = None
    document: DocumentKind | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def accept(db: Session, picture: sealed.StoredPicture, request: Request) -> Job:
    """Makes the job for a stored picture, in a new session or the named one, and queues it.

    Raises `TargetRefused`, `NotFound`, `SessionClosed`, `RequestInvalid`, `TooManyOpenJobs`,
    `TemporarilyUnavailable` or a `SubscriptionRefused`.
    """
    if request.callback_url is not None:
        webhooks.must_be_usable(request.callback_url)
    organization_id = picture.organization_id
    admission.must_have_room(db, organization_id)
    if request.session_id is None:
        end_client = subscriptions.end_client_hash(organization_id, request.end_client)
        session = sessions.start(db, organization_id, request.document, end_client)
    else:
        session = sessions.reopen(db, organization_id, request.session_id, request.document)
    technology = request.technology or subscriptions.TECHNOLOGY_OF[request.document]
    subscription = subscriptions.admit(db, organization_id, technology, session.end_client)
    session.attempts += 1
    job = Job(
        id=picture.job_id,
        organization_id=organization_id,
        session_id=session.id,
        subscription_id=subscription.id,
        attempt=session.attempts,
        document=request.document.value,
        technology=technology.value,
        client_metadata=request.metadata,
        callback_url=request.callback_url,
        batch_id=request.batch_id,
        trace=tracing.current(),
        state=JobState.QUEUED.value,
        stage=Stage.QUEUED.value,
        priority=turns.Priority.PERSON if request.batch_id is None else turns.Priority.BATCH,
        picture_key=picture.blob_key,
        picture_bytes=picture.size,
        picture_sha256=picture.sha256,
        media_type=picture.media_type,
        key_id=picture.data_key.key_id,
        data_key=picture.data_key.wrapped,
    )
    db.add(job)
    db.flush()
    if session.end_client is not None:
        subscriptions.note_attempt(db, job, session.end_client)
    after_commit(db, lambda: admission.note_accepted(organization_id))
    after_commit(db, lambda: crash_points.reach(CrashPoint.AFTER_COMMIT))
    broker.enqueue(db, broker.TaskName.READ_JOB, job.id)
    return job


def get(db: Session, organization_id: UUID, job_id: UUID) -> Job:
    """One job. Raises `NotFound`, also for another organization's, and `Erased`."""
    job = _find(db, organization_id, job_id)
    if job.state == JobState.ERASED:
        raise errors.Erased
    return job


def show_picture(job: Job) -> bytes:
    """The picture of a job, for whom it belongs to; written down. Raises `Erased` when it is gone."""
    try:
        picture = sealed.open_picture(job)
    except storage.BlobMissing:  # deleted since the row was read
        raise errors.Erased from None
    audit.note_read(job.organization_id, job.id, audit.Action.PICTURE_READ)
    return picture


def some(db: Session, job_ids: Sequence[UUID]) -> list[Job]:
    """The jobs with these ids, whosever they are and erased ones too: for callers that know what they may see."""
    return list(db.scalars(select(Job).where(Job.id.in_(job_ids))))


def page(db: Session, organization_id: UUID, filters: Filters, *, before: UUID | None, limit: int) -> list[Job]:
    """Up to `limit` jobs that are not erased, newest first, older than the job `before`."""
    query = select(Job).where(Job.organization_id == organization_id, Job.state != JobState.ERASED)
    if filters.status is not None:
        query = query.where(Job.state.in_([state for state in JobState if _shows_as(state, filters.status)]))
    if filters.session_id is not None:
        query = query.where(Job.session_id == filters.session_id)
    if filters.document is not None:
        query = query.where(Job.document == filters.document)
    if filters.created_after is not None:
        query = query.where(Job.created_at > filters.created_after)
    if filters.created_before is not None:
        query = query.where(Job.created_at < filters.created_before)
    if before is not None:
        query = query.where(Job.id < before)
    return list(db.scalars(query.order_by(Job.id.desc()).limit(limit)))


def claim(db: Session, job_id: UUID, *, lease: timedelta, max_claims: int) -> Job | None:
    """Takes one particular job for one worker; None when it is not waiting, not yet due, or somebody was faster."""
    return _claim(db, Job.id == job_id, lease=lease, max_claims=max_claims)


def claim_next(db: Session, *, served: Sequence[UUID], lease: timedelta, max_claims: int) -> Job | None:
    """Takes the job whose turn it is (`turns.next_job`); None when none is due."""
    whose_turn = Job.id == turns.next_job(db, max_claims=max_claims, served=served)
    return _claim(db, whose_turn, lease=lease, max_claims=max_claims)


def _claim(db: Session, which: ColumnElement[bool], *, lease: timedelta, max_claims: int) -> Job | None:
    """The claim is counted here, so that a worker that dies counts too."""
    guard = (Job.state == JobState.QUEUED, Job.next_attempt_at <= func.now(), Job.claims < max_claims)
    return _move(
        db,
        (which, *guard),
        state=JobState.READING.value,
        stage=Stage.COMPRESSING.value,
        lease_token=uuid4(),
        lease_until=func.now() + lease,
        claims=Job.claims + 1,
        claimed_at=func.now(),
    )


def record_stage(db: Session, claimed: Job, stage: Stage, *, lease: timedelta) -> None:
    """Tells waiting clients what happens now and extends the lease. Raises `MoveRefused` when the lease is lost."""
    if _move(db, _holds(claimed), stage=stage.value, lease_until=func.now() + lease) is None:
        raise errors.MoveRefused


def extend(db: Session, claimed: Job, *, lease: timedelta) -> None:
    """A sign of life of the worker that holds the job; clients see no change. Raises `MoveRefused` when it is lost."""
    longer = update(Job).where(*_holds(claimed)).values(lease_until=func.now() + lease).returning(Job.id)
    if db.scalar(longer) is None:
        raise errors.MoveRefused


def give_up(db: Session, organization_id: UUID, job_id: UUID, failure: Failure) -> None:
    """Ends a job that nobody waits for any more, if it is still open; a worker that holds it is fenced off.

    Raises `NotFound`, `Erased`.
    """
    job = get(db, organization_id, job_id)
    if job.is_open:
        _finish(db, job, JobState.FAILED, guard=(Job.id == job_id, Job.state.in_(OPEN)), failure=_facts(failure))


def release(db: Session, claimed: Job, *, delay: timedelta, trouble: str = "", reader_died: bool = False) -> None:
    """Gives a claimed job back to the queue, due after `delay`. Raises `MoveRefused` when the lease is lost.

    `trouble` says in a word why. A job on which readers die is soon read alone (`turns.SUSPECT_AFTER`).
    """
    moved = _move(
        db,
        _holds(claimed),
        state=JobState.QUEUED.value,
        stage=Stage.QUEUED.value,
        lease_token=None,
        lease_until=None,
        next_attempt_at=func.now() + delay,
        trouble=trouble or None,
        crashes=Job.crashes + int(reader_died),
        sends=0,  # the sweeper sends it as soon as it is due
        sent_at=func.now() - timedelta(hours=1),
    )
    if moved is None:
        raise errors.MoveRefused


def hand_over(db: Session, claimed: Job) -> None:
    """Gives a claimed job back because its worker leaves: due at once, and the claim is not counted.

    Raises `MoveRefused` when the lease is lost.
    """
    release(db, claimed, delay=timedelta(0), trouble="handed_over")
    db.execute(update(Job).where(Job.id == claimed.id).values(claims=Job.claims - 1, sent_at=func.now(), sends=1))
    broker.enqueue(db, broker.TaskName.READ_JOB, claimed.id)


def note_fenced(db: Session, claimed: Job) -> None:
    """Writes down that the worker of this claim came too late; noting it twice is no error."""
    late = insert(Fencing).values(lease_token=claimed.lease_token, job_id=claimed.id)
    db.execute(late.on_conflict_do_nothing())


def receive(db: Session, claimed: Job, result: Mapping[str, Any]) -> None:
    """Ends a claimed job with a reading. Raises `MoveRefused` when the lease is lost: then the result is dropped."""
    sealed_result = sealed.seal_result(claimed, dict(result))
    measures = measures_of(result)
    _finish(db, claimed, JobState.RECEIVED, guard=_holds(claimed), result=sealed_result, measures=measures)


def measures_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the operator may know of a reading without opening it: durations and counts, no value, no position."""
    checks = result.get("checks") or ()
    return {
        "timings_ms": result.get("timings_ms") or {},
        "repaired": len((result.get("mrz") or {}).get("repaired") or ()),
        "failed_checks": sum(check["verdict"] == Verdict.FAIL for check in checks),
    }


def fail(db: Session, claimed: Job, failure: Failure) -> None:
    """Ends a claimed job without a reading. Raises `MoveRefused` when the lease is lost."""
    _finish(db, claimed, JobState.FAILED, guard=_holds(claimed), failure=_facts(failure))


def bury(
    db: Session, claimed: Job, failure: Failure, *, keep: timedelta, trouble: str, reader_died: bool = False
) -> None:
    """Ends a claimed job that no reader could end. Its picture is kept for so long, see `cli.dead`.

    Raises `MoveRefused` when the lease is lost.
    """
    _finish(
        db,
        claimed,
        JobState.FAILED,
        guard=_holds(claimed),
        failure=_facts(failure),
        trouble=trouble,
        crashes=Job.crashes + int(reader_died),
        replayable_until=func.now() + keep,
    )


def erase(db: Session, organization_id: UUID, job_id: UUID) -> None:
    """Forgets everything that was read or uploaded: key, result and picture. A worker that holds it is fenced off.

    Erasing twice is no error. Raises `NotFound`.
    """
    session = sessions.lock(db, _find(db, organization_id, job_id).session_id)
    job = db.scalars(select(Job).where(Job.id == job_id).with_for_update()).one()
    was_open, picture_key = job.is_open, job.picture_key
    erased = _move(
        db,
        (Job.id == job_id, Job.state.in_(ENTERED_FROM[JobState.ERASED])),
        state=JobState.ERASED.value,
        stage=Stage.DONE.value,
        lease_token=None,
        lease_until=None,
        key_id=None,
        data_key=None,
        result=None,
        measures=None,
        failure=None,
        client_metadata=None,
        callback_url=None,
        trace=None,
        replayable_until=None,
        finished_at=func.coalesce(Job.finished_at, func.now()),
    )
    if erased is None:
        return
    audit.note(db, audit.Action.JOB_ERASED, organization_id, job_id)
    batches.forget_name(db, erased)
    if was_open:
        subscriptions.settle(db, erased, FailureReason.READER_FAILED)
        finished_batch = batches.count_down(db, erased)
        sessions.settle(db, session, Status.FAILED)
        if finished_batch is not None:
            events.batch_finished(db, finished_batch)
    idempotency.forget_job(db, job_id)
    events.wake(db, job_id)
    if picture_key is not None:
        after_commit(db, lambda: storage.blobs().delete(picture_key))


def forget_served_picture(db: Session, job: Job) -> None:
    """As `forget_picture`, right at the end of a job, unless its organization keeps pictures for some hours."""
    if not organizations.get(db, job.organization_id).picture_hours:
        forget_picture(db, job)


def with_unwanted_pictures() -> tuple[ColumnElement[bool], ...]:
    """The condition for ended jobs whose uploads nobody may want any more: neither operator nor organization."""
    hours = select(Organization.picture_hours).where(Organization.id == Job.organization_id).scalar_subquery()
    is_kept = func.coalesce(
        func.greatest(Job.replayable_until, Job.finished_at + hours * timedelta(hours=1)) > func.now(), False
    )
    return (Job.picture_key.is_not(None), Job.state.not_in(OPEN), ~is_kept)


def beyond_retention(db: Session, *, limit: int) -> list[Job]:
    """Ended jobs whose organization wants their results no longer."""
    found: list[Job] = []
    for organization in organizations.with_retention(db):
        old = (Job.finished_at < func.now() - timedelta(days=organization.result_days or 0), Job.state.in_(_ENDED))
        mine = select(Job).where(Job.organization_id == organization.id, *old)
        found += db.scalars(mine.order_by(Job.finished_at).limit(limit - len(found)))
    return found


def forget_picture(db: Session, job: Job) -> None:
    """Drops the upload of a job that has ended: it served its purpose, unless the operator may want it again."""
    if job.picture_key is not None:
        storage.blobs().delete(job.picture_key)
        db.execute(update(Job).where(Job.id == job.id, Job.state.not_in(OPEN)).values(picture_key=None))


def _facts(failure: Failure) -> dict[str, Any]:
    facts = {key: value for key, value in asdict(failure).items() if value is not None}
    return facts | {"reason": failure.reason.value}


def _finish(db: Session, ending: Job, state: JobState, *, guard: tuple[Any, ...], **outcome: Any) -> None:
    """State, result, event, bill and session in one transaction, or nothing. Raises `MoveRefused`."""
    session = sessions.lock(db, ending.session_id)
    job = _move(
        db,
        (*guard, Job.state.in_(ENTERED_FROM[state])),
        state=state.value,
        stage=Stage.DONE.value,
        lease_token=None,
        lease_until=None,
        finished_at=func.now(),
        **outcome,
    )
    if job is None:
        raise errors.MoveRefused
    subscriptions.settle(db, job, None if job.failure is None else FailureReason(job.failure["reason"]))
    finished_batch = batches.count_down(db, job)
    events.job_finished(db, job, status_of(state))
    sessions.settle(db, session, status_of(state))
    if finished_batch is not None:
        events.batch_finished(db, finished_batch)


def _move(db: Session, guard: tuple[Any, ...], **values: Any) -> Job | None:
    """One guarded UPDATE; None when the row was not in a state that allows it."""
    statement = update(Job).where(*guard).values(version=Job.version + 1, **values).returning(Job)
    return db.scalars(statement, execution_options={"populate_existing": True}).one_or_none()


def _holds(claimed: Job) -> tuple[Any, ...]:
    return (Job.id == claimed.id, Job.lease_token == claimed.lease_token)


def _find(db: Session, organization_id: UUID, job_id: UUID) -> Job:
    job = db.scalar(select(Job).where(Job.id == job_id, Job.organization_id == organization_id))
    if job is None:
        raise errors.NotFound
    return job


def _shows_as(state: JobState, status: Status) -> bool:
    return state is not JobState.ERASED and status_of(state) is status
