"""Every move of a job is one guarded statement: what may follow what, and what a lost lease may not do."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from core import errors, jobs, sealed, sessions, storage
from core.db.tables import Event, Job, UsageRecord
from core.documents import DocumentKind, Failure, FailureReason
from core.states import JobState, Stage, Status
from core.transaction import transaction

LEASE = timedelta(seconds=60)
RESULT = {"document_type": "passport", "fields": {}}
BLURRED = Failure(FailureReason.BLURRED, "Hold the camera still.", {"sharpness": 3.5})


def events_of(job):
    with transaction() as db:
        found = db.execute(
            select(Event.type, Event.sequence)
            .where((Event.job_id == job.id) | (Event.session_id == job.session_id))
            .order_by(Event.sequence)
        )
        return [(row.type, row.sequence) for row in found]


def bills_of(job):
    with transaction() as db:
        return db.scalar(select(func.count()).where(UsageRecord.session_id == job.session_id))


def look(job):
    with transaction() as db:
        return db.get(Job, job.id)


def test_accepted_job_waits_in_a_new_session(accept):
    job = accept(metadata={"order": 7})
    assert (job.state, job.stage, job.attempt, job.claims) == ("queued", "queued", 1, 0)
    with transaction() as db:
        session = sessions.get(db, job.organization_id, job.session_id)
        assert session.status == Status.CREATED
    assert sealed.open_picture(job) == b"SPECIMEN picture"


def test_stored_picture_is_not_readable_without_its_key(accept):
    job = accept()
    assert b"SPECIMEN" not in storage.blobs().get(job.picture_key)


def test_claim_counts_and_second_claim_is_refused(accept, claim):
    job = accept()
    claimed = claim(job)
    assert claimed.claims == 1
    assert claimed.state == JobState.READING
    assert claim(job) is None


def test_twenty_parallel_claims_give_one_job_to_one_worker(accept, claim):
    job = accept()
    won = []
    threads = [threading.Thread(target=lambda: won.append(claim(job))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 20
    assert sum(claimed is not None for claimed in won) == 1


def test_receiving_writes_result_events_bill_and_session_at_once(accept, claim):
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    ended = look(job)
    assert (ended.state, ended.stage, ended.lease_token) == ("received", "done", None)
    assert sealed.open_result(ended) == RESULT
    assert [kind for kind, _ in events_of(job)] == ["job.received", "session.received"]
    assert bills_of(job) == 1


def test_failing_gives_the_reason_and_no_bill(accept, claim):
    job = claim(accept())
    with transaction() as db:
        jobs.fail(db, job, BLURRED)
    ended = look(job)
    assert ended.state == JobState.FAILED
    assert ended.failure == {"reason": "blurred", "detail": "Hold the camera still.", "measured": {"sharpness": 3.5}}
    assert [kind for kind, _ in events_of(job)] == ["job.failed", "session.failed"]
    assert bills_of(job) == 0


def test_result_of_a_lost_lease_is_dropped(accept, claim):
    job = accept()
    slow = claim(job)
    with transaction() as db:
        jobs.release(db, slow, delay=timedelta(0))
    fast = claim(job)
    with transaction() as db:
        jobs.receive(db, fast, RESULT)
    with pytest.raises(errors.MoveRefused), transaction() as db:
        jobs.receive(db, slow, {"document_type": "visa", "fields": {}})
    with pytest.raises(errors.MoveRefused), transaction() as db:
        jobs.record_stage(db, slow, Stage.PARSING, lease=LEASE)
    assert sealed.open_result(look(job)) == RESULT
    assert len(events_of(job)) == 2
    assert bills_of(job) == 1


def test_failed_transaction_leaves_the_job_as_it_was(accept, claim):
    job = claim(accept())
    with suppress(ZeroDivisionError), transaction() as db:
        jobs.receive(db, job, RESULT)
        raise ZeroDivisionError
    assert look(job).state == JobState.READING
    assert events_of(job) == []
    assert bills_of(job) == 0


def test_released_job_is_not_claimed_before_it_is_due(accept, claim):
    job = claim(accept())
    with transaction() as db:
        jobs.release(db, job, delay=timedelta(hours=1))
    assert claim(job) is None


def test_job_is_claimed_at_most_so_often(accept, claim):
    job = accept()
    for _ in range(2):
        claimed = claim(job, max_claims=2)
        with transaction() as db:
            jobs.release(db, claimed, delay=timedelta(0))
    assert claim(job, max_claims=2) is None


def test_second_attempt_reopens_a_failed_session_and_a_received_one_is_closed(accept, claim):
    first = claim(accept())
    with transaction() as db:
        jobs.fail(db, first, BLURRED)
    second = accept(session_id=first.session_id)
    assert (second.session_id, second.attempt) == (first.session_id, 2)
    claimed = claim(second)
    with transaction() as db:
        jobs.receive(db, claimed, RESULT)
    with transaction() as db:
        assert sessions.get(db, first.organization_id, first.session_id).status == Status.RECEIVED
    with pytest.raises(errors.SessionClosed):
        accept(session_id=first.session_id)


def test_session_with_an_open_attempt_does_not_fail(accept, claim):
    first = claim(accept())
    accept(session_id=first.session_id)
    with transaction() as db:
        jobs.fail(db, first, BLURRED)
    with transaction() as db:
        assert sessions.get(db, first.organization_id, first.session_id).status == Status.CREATED


def test_session_of_another_document_is_refused(accept):
    job = accept()
    with pytest.raises(errors.RequestInvalid, match="document=mrz"):
        accept(session_id=job.session_id, document=DocumentKind.AUTO)


def test_foreign_and_unknown_ids_are_not_found(accept, db):
    job = accept()
    for organization_id, job_id in ((uuid4(), job.id), (job.organization_id, uuid4())):
        with pytest.raises(errors.NotFound):
            jobs.get(db, organization_id, job_id)
        with pytest.raises(errors.NotFound):
            jobs.erase(db, organization_id, job_id)


def test_erasing_forgets_key_result_and_picture(accept, claim):
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    blob_key = job.picture_key
    for _ in range(2):  # twice is no error
        with transaction() as db:
            jobs.erase(db, job.organization_id, job.id)
    erased = look(job)
    assert (erased.state, erased.result, erased.data_key, erased.failure) == ("erased", None, None, None)
    with pytest.raises(storage.BlobMissing):
        storage.blobs().get(blob_key)
    with pytest.raises(errors.Erased), transaction() as db:
        jobs.get(db, job.organization_id, job.id)


def test_erasing_a_running_job_fences_its_worker(accept, claim):
    job = claim(accept())
    with transaction() as db:
        jobs.erase(db, job.organization_id, job.id)
    with pytest.raises(errors.MoveRefused), transaction() as db:
        jobs.receive(db, job, RESULT)
    assert look(job).result is None


def test_event_numbers_have_no_gaps_under_parallel_ends(accept, claim):
    running = [claim(accept()) for _ in range(8)]

    def end(job):
        with transaction() as db:
            jobs.receive(db, job, RESULT)

    threads = [threading.Thread(target=end, args=(job,)) for job in running]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as db:
        numbers = db.scalars(
            select(Event.sequence).where(Event.organization_id == running[0].organization_id).order_by(Event.sequence)
        ).all()
    assert numbers == list(range(1, 17))


def test_pages_follow_one_another_newest_first(accept, claim, organization_id):
    made = [accept() for _ in range(5)]
    ended = claim(made[0])
    with transaction() as db:
        jobs.receive(db, ended, RESULT)
    with transaction() as db:
        first = jobs.page(db, organization_id, jobs.Filters(), before=None, limit=3)
        rest = jobs.page(db, organization_id, jobs.Filters(), before=first[-1].id, limit=3)
        received = jobs.page(db, organization_id, jobs.Filters(status=Status.RECEIVED), before=None, limit=3)
        created = jobs.page(db, organization_id, jobs.Filters(status=Status.CREATED), before=None, limit=9)
    assert [job.id for job in first + rest] == [job.id for job in reversed(made)]
    assert [job.id for job in received] == [made[0].id]
    assert len(created) == 4
