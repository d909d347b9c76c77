"""Whose turn it is: people before batches, organizations in turn, suspects alone, and never one job for two workers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from core import jobs, organizations, sealed, subscriptions, turns
from core.db.tables import Job
from core.documents import DocumentKind
from core.states import JobState
from core.transaction import transaction

LEASE = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def _nothing_waits(settings_env):
    yield
    with transaction() as db:
        db.execute(update(Job).where(Job.state == JobState.QUEUED).values(next_attempt_at=text("now() + '1 day'")))
        db.execute(text("UPDATE jobs SET state = 'failed', lease_token = NULL WHERE state IN ('reading', 'queued')"))


def new_organization(name):
    with transaction() as db:
        organization_id = organizations.create(db, name).id
        starts_at = datetime.now(UTC) - timedelta(days=1)
        subscriptions.subscribe(
            db, organization_id, subscriptions.Technology.MRZ, starts_at=starts_at, attempts_per_client=None
        )
    return organization_id


def queue(organization_id, *, priority=turns.Priority.PERSON, **values):
    picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
    with transaction() as db:
        job = jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ))
        db.execute(update(Job).where(Job.id == job.id).values(priority=priority, **values))
    return job.id


def claim(*served):
    with transaction() as db:
        job = jobs.claim_next(db, served=served, lease=LEASE, max_claims=5)
        return None if job is None else job.id


def test_oldest_job_of_an_organization_goes_first():
    mine = new_organization("Specimen A")
    queued = [queue(mine) for _ in range(4)]
    assert [claim() for _ in range(5)] == [*queued, None]


def test_organization_with_fewer_running_readings_goes_first_however_long_the_other_queue_is():
    flood, single = new_organization("Specimen Flood"), new_organization("Specimen Single")
    for _ in range(30):
        queue(flood)
    claim()
    one = queue(single)
    assert claim() == one


def test_equals_are_served_in_turn():
    first, second = new_organization("Specimen A"), new_organization("Specimen B")
    in_first, in_second = queue(first), queue(second)
    assert claim(first) == in_second
    queue(second)
    with transaction() as db:
        db.execute(text("UPDATE jobs SET state = 'failed', lease_token = NULL WHERE state = 'reading'"))
    assert claim(first, second) == in_first


def test_person_goes_before_a_batch_of_any_organization():
    first, second = new_organization("Specimen A"), new_organization("Specimen B")
    batch = queue(first, priority=turns.Priority.BATCH)
    person = queue(second)
    assert [claim(second), claim(second)] == [person, batch]


def test_batch_that_has_waited_long_enough_goes_in_turn():
    mine = new_organization("Specimen A")
    batch = queue(mine, priority=turns.Priority.BATCH, next_attempt_at=datetime.now(UTC) - timedelta(hours=1))
    queue(mine, priority=turns.Priority.BATCH)
    person = queue(mine)
    with transaction() as db:
        turns.hurry_old_batches(db, patience_seconds=600, limit=10)
    assert [claim(), claim()] == [batch, person]


def test_job_that_is_not_due_keeps_nobody_waiting():
    mine = new_organization("Specimen A")
    queue(mine, next_attempt_at=datetime.now(UTC) + timedelta(hours=1))
    due = queue(mine)
    assert [claim(), claim()] == [due, None]


def test_suspects_are_read_one_at_a_time_and_others_pass_them():
    mine = new_organization("Specimen A")
    first, second = (queue(mine, crashes=turns.SUSPECT_AFTER) for _ in range(2))
    ordinary = queue(mine)
    assert [claim(), claim(), claim()] == [first, ordinary, None]
    with transaction() as db:
        db.execute(text("UPDATE jobs SET state = 'failed', lease_token = NULL WHERE id = :id"), {"id": first})
    assert claim() == second


def test_parallel_workers_never_get_the_same_job_nor_two_suspects():
    organizations_ = [new_organization(f"Specimen {number}") for number in range(3)]
    queued = [queue(one) for one in organizations_ for _ in range(10)]
    suspects = [queue(one, crashes=turns.SUSPECT_AFTER) for one in organizations_]
    claimed = []

    def work():
        claimed.extend(claim() for _ in range(12))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [one for one in claimed if one is not None]
    assert len(got) == len(set(got))
    assert set(queued) <= set(got)
    assert len(set(got) & set(suspects)) <= 1


def test_claim_counts_and_stops_at_the_limit():
    mine = new_organization("Specimen A")
    queue(mine, claims=5)
    assert claim() is None
