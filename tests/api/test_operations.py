"""What the operator sees and mends over HTTP: backlog, outcomes, dead jobs, deliveries; nobody's data among it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core import deliveries, events, jobs, sealed, webhooks
from core.db.tables import Event, Job, WebhookDelivery
from core.deliveries import Outcome
from core.documents import DocumentKind, Failure, FailureReason
from core.keys import Scope
from core.transaction import transaction

GIVEN_UP = Failure(FailureReason.READER_FAILED, "It is our fault.")
BLURRED = Failure(FailureReason.BLURRED, "Hold still.")
LEASE = timedelta(seconds=60)


@pytest.fixture
def admin(client, new_key):
    client.headers["Authorization"] = f"Bearer {new_key(Scope.ADMIN)}"
    return client


@pytest.fixture
def accept(organization_id):
    def accept_one():
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            return jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ, metadata={"customer": "SPECIMEN PERSON"}))

    return accept_one


@pytest.fixture
def claim(accept):
    def claim_one():
        job = accept()
        with transaction() as db:
            return jobs.claim(db, job.id, lease=LEASE, max_claims=5)

    return claim_one


@pytest.fixture
def dead_job(claim):
    claimed = claim()
    with transaction() as db:
        jobs.bury(db, claimed, GIVEN_UP, keep=timedelta(days=7), trouble="oom", reader_died=True)
    return claimed


@pytest.fixture
def given_up(organization_id):
    """A delivery whose receiver answered 500 to its last request."""
    with transaction() as db:
        url = "https://example.com/hook?customer=SPECIMEN-PERSON"
        body = webhooks.Format.STANDARD
        endpoint = webhooks.create(db, organization_id, url=url, events=(), description="SPECIMEN PERSON", body=body)
        event = events.endpoint_tested(db, endpoint)
        delivery_id = db.scalars(select(WebhookDelivery.id).where(WebhookDelivery.event_id == event.id)).one()
    with transaction() as db:
        claimed = deliveries.claim(db, delivery_id, lease=LEASE)
    with transaction() as db:
        outcome = Outcome(12, status=500, answer="SPECIMEN PERSON is unknown", error="status")
        deliveries.give_up(db, claimed.delivery, outcome)
    return delivery_id


def counted(standing):
    return {(one["state"], one["priority"]): one["count"] for one in standing["backlog"]["jobs"]}


def test_backlog_and_outcomes_are_counted(admin, accept, claim):
    before = admin.get("/v1/admin/standing").json()
    waiting, claimed = accept(), claim()
    with transaction() as db:
        jobs.fail(db, claim(), BLURRED)
        db.execute(update(Job).where(Job.id == waiting.id).values(created_at=func.now() - timedelta(hours=1)))
    standing = admin.get("/v1/admin/standing").json()
    was, now = counted(before), counted(standing)
    assert now["queued", "person"] == was.get(("queued", "person"), 0) + 1
    assert now["reading", "person"] == was.get(("reading", "person"), 0) + 1
    assert 3590 < standing["backlog"]["oldest_queued_seconds"] < 3700
    assert {"state": "failed", "document": "mrz", "reason": "blurred", "count": 1} in standing["outcomes"]
    with transaction() as db:
        db.execute(update(Job).where(Job.id == claimed.id).values(lease_until=func.now() - timedelta(seconds=1)))
    assert admin.get("/v1/admin/standing").json()["backlog"]["lost_leases"] == 1


def test_dead_job_is_listed_and_read_again_once(admin, dead_job):
    listed = {one["id"]: one for one in admin.get("/v1/admin/dead-jobs").json()}
    assert (listed[str(dead_job.id)]["trouble"], listed[str(dead_job.id)]["crashes"]) == ("oom", 1)
    assert admin.get("/v1/admin/standing").json()["backlog"]["dead_jobs"] == len(listed)
    answer = admin.post(f"/v1/admin/dead-jobs/{dead_job.id}/replay")
    assert (answer.status_code, answer.json()["given_up"]) == (202, str(dead_job.id))
    with transaction() as db:
        again = db.get(Job, UUID(answer.json()["job_id"]))
        assert (again.state, again.session_id, again.attempt) == ("queued", dead_job.session_id, 2)
        assert sealed.open_picture(again) == b"SPECIMEN picture"
    assert admin.post(f"/v1/admin/dead-jobs/{dead_job.id}/replay").status_code == 404
    assert str(dead_job.id) not in admin.get("/v1/admin/dead-jobs").text


def test_given_up_delivery_is_listed_and_sent_again(admin, given_up):
    [listed] = [one for one in admin.get("/v1/admin/deliveries").json() if one["id"] == str(given_up)]
    assert (listed["last_status"], listed["last_error"], listed["attempts"]) == (500, "status", 1)
    assert admin.post(f"/v1/admin/deliveries/{given_up}/redeliver").status_code == 202
    with transaction() as db:
        assert db.get(WebhookDelivery, given_up).state == "waiting"
    assert str(given_up) not in admin.get("/v1/admin/deliveries").text
    assert admin.post(f"/v1/admin/deliveries/{UUID(int=0)}/redeliver").status_code == 404


def test_nobody_s_data_is_among_it(admin, dead_job, given_up):
    told = "".join(admin.get(f"/v1/admin/{what}").text for what in ("standing", "dead-jobs", "deliveries"))
    assert str(dead_job.id) in told
    assert str(given_up) in told
    assert "SPECIMEN" not in told.upper()
    assert "example.com" not in told
    with transaction() as db:
        assert db.scalar(select(func.count()).select_from(Event)) > 0
