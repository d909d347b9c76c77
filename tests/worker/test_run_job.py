"""A job from claim to result with a real reader process: each way it can go ends in the row, once."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from core import jobs, organizations, sealed, storage
from core.db.tables import Event, Fencing, Job, UsageRecord
from core.states import JobState
from core.transaction import transaction
from worker import hold, run_job
from worker.run_job import run_next_job


def make_due(job_id):
    with transaction() as db:
        db.execute(update(Job).where(Job.id == job_id).values(next_attempt_at=func.now()))


def ends_of(job_id):
    with transaction() as db:
        events = db.scalar(select(func.count()).where(Event.job_id == job_id))
        bills = db.scalar(select(func.count()).where(UsageRecord.job_id == job_id))
    return events, bills


def test_picture_is_read_recorded_and_forgotten(upload, look):
    job_id = upload()
    blob_key = look(job_id).picture_key
    run_next_job()
    ended = look(job_id)
    assert (ended.state, ended.claims, ended.picture_key) == ("received", 1, None)
    assert sealed.open_result(ended)["document_type"] == "passport"
    assert ends_of(job_id) == (1, 1)
    with pytest.raises(storage.BlobMissing):
        storage.blobs().get(blob_key)


def test_picture_without_a_document_fails_with_its_reason(upload, look):
    job_id = upload(failure="blurred")
    run_next_job()
    ended = look(job_id)
    assert (ended.state, ended.failure["reason"], ended.picture_key) == ("failed", "blurred", None)
    assert ends_of(job_id) == (1, 0)


def test_wrong_check_digits_fail_for_a_strict_organization_only(upload, look, organization_id, monkeypatch):
    wrong = [{"name": "birth_date_check_digit", "verdict": "fail", "fields": []}]
    real = run_job._record
    monkeypatch.setattr(
        run_job, "_record", lambda db, job, outcome: (outcome.result.update(checks=wrong), real(db, job, outcome))
    )
    lenient = upload()
    run_next_job()
    with transaction() as db:
        organizations.change(db, organization_id, is_strict=True)
    strict = upload()
    run_next_job()
    assert look(lenient).state == JobState.RECEIVED
    assert look(strict).failure["reason"] == "wrong_check_digits"


@pytest.mark.parametrize(("then", "trouble"), [("crash", "crash"), ("hang", "timeout"), ("allocate", "oom")])
def test_death_of_the_reader_is_recorded_at_once_and_the_job_comes_back(upload, look, then, trouble, monkeypatch):
    from core.settings import settings

    if then != "hang":
        monkeypatch.setattr(settings(), "read_seconds", 30.0)  # a busy machine takes its time to give memory
    job_id = upload(then=then)
    pid = os.getpid()
    run_next_job()
    job = look(job_id)
    assert (job.state, job.trouble, job.crashes, job.claims) == ("queued", trouble, 1, 1)
    assert job.next_attempt_at > job.claimed_at
    assert os.getpid() == pid
    following = upload()
    run_next_job()
    assert look(following).state == JobState.RECEIVED
    with transaction() as db:
        jobs.erase(db, job.organization_id, job_id)


def test_exception_in_the_reader_costs_a_claim_and_no_suspicion(upload, look):
    job_id = upload(then="raise")
    run_next_job()
    job = look(job_id)
    assert (job.state, job.trouble, job.crashes) == ("queued", "error", 0)
    with transaction() as db:
        jobs.erase(db, job.organization_id, job_id)


def test_poison_fails_at_exactly_the_limit_and_keeps_its_picture(upload, look):
    job_id = upload(then="exit")
    hold.warm_up()
    for claims in range(1, 6):
        assert look(job_id).state == JobState.QUEUED
        make_due(job_id)
        run_next_job()
        assert look(job_id).claims == claims
    ended = look(job_id)
    assert (ended.state, ended.failure["reason"], ended.crashes) == ("failed", "reader_failed", 5)
    assert ended.replayable_until - ended.finished_at > timedelta(days=6)
    assert storage.blobs().get(ended.picture_key)
    assert ends_of(job_id) == (1, 0)


def test_suspect_is_read_by_a_reader_of_its_own(upload, look):
    upload()
    run_next_job()
    lasting = hold._lasting_reader().pid
    suspect = upload()
    with transaction() as db:
        db.execute(update(Job).where(Job.id == suspect).values(crashes=2))
    run_next_job()
    assert sealed.open_result(look(suspect))["pid"] != lasting
    assert hold._lasting_reader().pid == lasting


def test_lease_is_extended_while_the_reader_works(upload, look, monkeypatch):
    from core.settings import settings

    monkeypatch.setattr(settings(), "read_seconds", 20.0)
    monkeypatch.setattr(settings(), "lease_seconds", 2)
    job_id = upload(seconds=5)
    thread = threading.Thread(target=run_next_job)
    thread.start()
    time.sleep(3.5)
    with transaction() as db:
        is_held = db.scalar(select(Job.lease_until > func.now()).where(Job.id == job_id))
    version = look(job_id).version
    thread.join()
    assert is_held
    assert version <= 3  # a sign of life is no news to clients
    assert look(job_id).state == JobState.RECEIVED


def test_worker_that_lost_its_lease_is_fenced(upload, look, monkeypatch):
    job_id = upload()
    real = run_job._read

    def lose_it_meanwhile(job):
        outcome = real(job)
        with transaction() as db:
            jobs.release(db, job, delay=timedelta(0))
        run_job._read = real
        run_next_job()
        return outcome

    monkeypatch.setattr(run_job, "_read", lose_it_meanwhile)
    run_next_job()
    assert (look(job_id).state, look(job_id).claims) == ("received", 2)
    assert ends_of(job_id) == (1, 1)
    with transaction() as db:
        assert db.scalar(select(func.count()).where(Fencing.job_id == job_id)) == 1


def test_erasing_stops_the_reader(upload, look, monkeypatch):
    from core.settings import settings

    monkeypatch.setattr(settings(), "read_seconds", 30.0)
    monkeypatch.setattr(settings(), "lease_seconds", 1)
    job_id = upload(then="hang")
    thread = threading.Thread(target=run_next_job)
    thread.start()
    while look(job_id).stage != "compressing" or hold._lasting_reader().pid is None:
        time.sleep(0.05)
    reader = hold._lasting_reader().pid
    with transaction() as db:
        jobs.erase(db, look(job_id).organization_id, job_id)
    thread.join(5)
    assert not thread.is_alive()
    assert not psutil.pid_exists(reader)
    assert look(job_id).state == JobState.ERASED


def test_leaving_worker_hands_its_job_over_uncounted(upload, look):
    job_id = upload(then="hang")
    threading.Timer(1.0, hold.leave).start()
    run_next_job()
    job = look(job_id)
    assert (job.state, job.claims, job.trouble, job.lease_token) == ("queued", 0, "handed_over", None)
    run_next_job()
    assert look(job_id).claims == 0  # who leaves takes nothing new
    with transaction() as db:
        jobs.erase(db, job.organization_id, job_id)


def test_postgres_that_is_away_for_a_moment_costs_no_reading(upload, look, monkeypatch):
    job_id = upload()
    failures = iter([True, True, False])
    real = run_job._record

    def fail_twice(db, job, outcome):
        real(db, job, outcome)
        if next(failures):
            raise OperationalError("", {}, Exception())

    monkeypatch.setattr(run_job, "_record", fail_twice)
    run_next_job()
    assert (look(job_id).state, look(job_id).claims) == ("received", 1)
    assert ends_of(job_id) == (1, 1)


def test_reader_killed_while_it_waits_costs_nothing(upload, look):
    hold.warm_up()
    upload()
    run_next_job()
    os.kill(hold._lasting_reader().pid, signal.SIGKILL)
    job_id = upload()
    run_next_job()
    assert (look(job_id).state, look(job_id).claims) == ("received", 1)
