"""The sweeper puts right what others left: lost leases, lost messages, pictures of ended jobs."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import redis
from sqlalchemy import func, text, update

from core import broker, jobs, storage
from core.db.tables import Job
from core.documents import Failure, FailureReason
from core.settings import settings
from core.states import JobState
from core.transaction import transaction
from worker import probe, run_job, sweeper

LEASE = timedelta(seconds=60)
BLURRED = Failure(FailureReason.BLURRED, "Hold the camera still.")


@pytest.fixture(autouse=True)
def _empty(settings_env):
    broker.flush()
    redis.Redis.from_url(settings_env["REDIS_URL"]).flushall()
    with transaction() as db:
        db.execute(text("UPDATE jobs SET state = 'failed', lease_token = NULL WHERE state IN ('reading', 'queued')"))


def messages():
    assert broker.flush(10)
    client = redis.Redis.from_url(settings().redis_url.get_secret_value())
    return client.llen(broker.QUEUE)


def claim(job_id, **values):
    with transaction() as db:
        job = jobs.claim(db, job_id, lease=LEASE, max_claims=5)
        if values:
            db.execute(update(Job).where(Job.id == job_id).values(**values))
    return job


def sent_long_ago(job_id, **values):
    with transaction() as db:
        old = func.now() - timedelta(minutes=1)
        db.execute(update(Job).where(Job.id == job_id).values(sent_at=old, **values))


def test_lost_lease_comes_back_and_the_claim_stays_counted(upload, look):
    job_id = upload()
    claim(job_id, lease_until=func.now() - timedelta(seconds=1))
    sweeper.take_back_lost_leases()
    job = look(job_id)
    assert (job.state, job.claims, job.trouble, job.crashes) == ("queued", 1, "lease_lost", 0)


def test_lease_that_holds_is_left_alone(upload, look):
    job_id = upload()
    claim(job_id)
    sweeper.take_back_lost_leases()
    assert look(job_id).state == JobState.READING


def test_last_lost_lease_ends_the_job(upload, look):
    job_id = upload()
    with transaction() as db:
        db.execute(update(Job).where(Job.id == job_id).values(claims=4))
    claim(job_id, lease_until=func.now() - timedelta(seconds=1))
    sweeper.take_back_lost_leases()
    job = look(job_id)
    assert (job.state, job.failure["reason"], job.claims) == ("failed", "reader_failed", 5)


def test_two_sweepers_end_a_job_once(upload, look):
    job_id = upload()
    claim(job_id, lease_until=func.now() - timedelta(seconds=1), claims=5)
    threads = [threading.Thread(target=sweeper.take_back_lost_leases) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as db:
        events = db.execute(text("SELECT count(*) FROM events WHERE job_id = :id"), {"id": job_id}).scalar_one()
    assert (look(job_id).state, events) == ("failed", 1)


def test_lost_messages_are_sent_again_once_each(upload, settings_env):
    ids = [upload() for _ in range(3)]
    broker.flush()
    redis.Redis.from_url(settings_env["REDIS_URL"]).flushall()
    sweeper.resend_waiting()
    assert messages() == 0  # their first messages may still be on the way
    for job_id in ids:
        sent_long_ago(job_id)
    for _ in range(3):
        sweeper.resend_waiting()
    assert messages() == 3


def test_nothing_is_sent_for_what_has_its_message(upload):
    for job_id in [upload() for _ in range(3)]:
        sent_long_ago(job_id)
    before = messages()
    sweeper.resend_waiting()
    assert (before, messages()) == (3, 3)


def test_full_queue_gets_no_more(upload, monkeypatch, settings_env):
    ids = [upload() for _ in range(6)]
    broker.flush()
    redis.Redis.from_url(settings_env["REDIS_URL"]).flushall()
    for job_id in ids:
        sent_long_ago(job_id)
    monkeypatch.setattr(settings(), "queue_cap", 2)
    sweeper.resend_waiting()
    assert messages() == 2


def test_released_job_is_sent_as_soon_as_it_is_due(upload, look):
    job = claim(upload())
    with transaction() as db:
        jobs.release(db, job, delay=timedelta(0))
    broker.flush()
    redis.Redis.from_url(settings().redis_url.get_secret_value()).flushall()
    sweeper.resend_waiting()
    assert messages() == 1


def test_pictures_of_ended_jobs_go_and_those_of_dead_jobs_stay_their_time(upload, look):
    ended, dead = upload(), upload()
    for job_id in (ended, dead):
        job = claim(job_id)
        with transaction() as db:
            if job_id == ended:
                jobs.fail(db, job, BLURRED)
            else:
                jobs.bury(db, job, run_job.GIVEN_UP, keep=timedelta(hours=1), trouble="crash")
    sweeper.forget_pictures()
    assert look(ended).picture_key is None
    assert storage.blobs().get(look(dead).picture_key)
    with transaction() as db:
        past = func.now() - timedelta(seconds=1)
        db.execute(update(Job).where(Job.id == dead).values(replayable_until=past))
    sweeper.forget_pictures()
    assert look(dead).picture_key is None


def test_step_that_fails_does_not_stop_the_others(monkeypatch):
    done = []

    def broken():
        raise ConnectionError

    monkeypatch.setattr(sweeper, "STEPS", (broken, lambda: done.append(1)))
    sweeper.sweep()
    assert done == [1]


def test_worker_is_stuck_when_work_waits_and_it_claims_none(upload, monkeypatch):
    monkeypatch.setitem(probe._next_sign, "at", 0.0)
    job_id = upload()
    with transaction() as db:
        assert not probe.is_stuck(db, seconds=30)  # it has not waited long
    with transaction() as db:
        db.execute(update(Job).where(Job.id == job_id).values(next_attempt_at=func.now() - timedelta(minutes=2)))
        assert probe.is_stuck(db, seconds=30)
    monkeypatch.setattr(settings(), "stuck_seconds", 300)
    assert probe.main() == 0  # not for as long as the setting says
    monkeypatch.setattr(settings(), "stuck_seconds", 30)
    assert probe.main() == 1
    probe.note_progress()
    assert probe.main() == 0
