"""What is kept, and until when: the clock is turned, the sweeper sweeps, and it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from core import audit, batches, errors, events, jobs, organizations, sealed, storage, vault
from core.authenticity import request_keys
from core.db.tables import AuditEntry, Batch, Event, Job, RequestKey, WebhookDelivery
from core.documents import DocumentKind
from core.transaction import transaction
from worker import sweeper

LEASE = timedelta(seconds=60)


@pytest.fixture
def read(organization_id):
    """One upload that was read, as API and worker do it: the job."""

    def make(**request) -> Job:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            accepted = jobs.accept(db, picture, jobs.Request(document=DocumentKind.MRZ, **request))
        with transaction() as db:
            claimed = jobs.claim(db, accepted.id, lease=LEASE, max_claims=5)
        with transaction(organization_id) as db:
            jobs.receive(db, claimed, {"fields": {"surname": {"value": "SPECIMEN"}}})
        with transaction(organization_id) as db:
            jobs.forget_served_picture(db, db.get_one(Job, accepted.id))
        return look(accepted.id)

    return make


def look(job_id) -> Job:
    with transaction() as db:
        return db.get_one(Job, job_id)


def keep(organization_id, **times) -> None:
    with transaction() as db:
        organizations.change(db, organization_id, **times)


def test_picture_goes_with_the_end_of_its_job_unless_its_organization_keeps_it(read, organization_id, turn_clock):
    assert read().picture_key is None
    keep(organization_id, picture_hours=24)
    kept = read()
    assert sealed.open_picture(kept) == b"SPECIMEN picture"
    turn_clock(hours=23)
    sweeper.forget_pictures()
    assert look(kept.id).picture_key is not None
    turn_clock(hours=2)
    sweeper.forget_pictures()
    assert look(kept.id).picture_key is None
    with pytest.raises(storage.BlobMissing):
        storage.blobs().get(kept.picture_key)
    assert sealed.open_result(look(kept.id)) is not None, "the result has a time of its own"


def test_results_are_erased_when_their_days_are_over_and_their_key_with_them(read, organization_id, turn_clock):
    unlimited = read()
    turn_clock(days=400)
    sweeper.forget_results()
    assert look(unlimited.id).state == "received", "without a retention its owner erases it"
    keep(organization_id, result_days=30)
    young = read()
    turn_clock(days=29)
    sweeper.forget_results()
    assert look(unlimited.id).state == "erased"
    assert look(young.id).state == "received"
    turn_clock(days=2)
    sweeper.forget_results()
    erased = look(young.id)
    assert (erased.state, erased.data_key, erased.key_id, erased.result) == ("erased", None, None, None)
    with pytest.raises(vault.VaultError):
        vault.unseal(bytes(32), young.result, "what was sealed opens under no key that is left")
    with pytest.raises(errors.Erased), transaction() as db:
        jobs.get(db, organization_id, young.id)
    with transaction() as db:
        assert any(entry.subject == str(young.id) for entry in audit.page(db, action="job.erased", limit=1000))


def test_file_names_of_batches_go_with_their_jobs_and_with_time(read, organization_id, turn_clock):
    with transaction() as db:
        batch = batches.start(db, organization_id, ["SPECIMEN one.jpg", "SPECIMEN two.jpg"])
    made = []
    for position in range(2):
        job = read(batch_id=batch.id)
        with transaction() as db:
            batches.note_job(db, db.get_one(Batch, batch.id), position, job)
        made.append(job)
    with transaction() as db:
        before = db.get_one(Batch, batch.id)
        jobs.erase(db, organization_id, made[0].id)
        db.refresh(before)
        assert batches.names_of(before) == ["", "SPECIMEN two.jpg"]
        assert before.data_key != batch.data_key, "no copy of the old key opens what is here"
    keep(organization_id, result_days=1)
    turn_clock(days=2)
    sweeper.forget_results()
    with transaction() as db:
        old = db.get_one(Batch, batch.id)
        assert (old.names, old.data_key, batches.names_of(old)) == (b"", b"", ["", ""])


def test_history_goes_after_its_days(read, organization_id, turn_clock):
    job = read(callback_url="https://93.184.215.14/hook")
    with transaction() as db:
        request_keys.issue(db, job)

    def counts() -> tuple[int, ...]:
        with transaction(organization_id) as db:
            tables = (Event, WebhookDelivery, RequestKey, AuditEntry)
            return tuple(db.scalars(select(func.count()).select_from(table)).one() for table in tables)

    sweeper.forget_history()
    assert min(counts()) > 0
    turn_clock(hours=3)
    sweeper.forget_history()
    assert counts()[2] == 0
    assert min(counts()[:2]) > 0
    turn_clock(days=91)
    sweeper.forget_history()
    assert counts()[:2] == (0, 0)
    assert counts()[3] > 0
    with transaction() as db:  # what comes now has the next number; nobody who follows is confused
        assert events.last_sequence(db, organization_id) > 0
    turn_clock(days=400)
    sweeper.forget_history()
    assert counts()[3] == 0


def test_erasure_of_a_running_job_fences_its_worker(organization_id):
    picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
    with transaction() as db:
        accepted = jobs.accept(db, picture, jobs.Request(document=DocumentKind.MRZ))
    with transaction() as db:
        claimed = jobs.claim(db, accepted.id, lease=LEASE, max_claims=5)
    with transaction() as db:
        jobs.erase(db, organization_id, accepted.id)
    with pytest.raises(errors.MoveRefused), transaction() as db:
        jobs.receive(db, claimed, {"fields": {"surname": {"value": "SPECIMEN"}}})
    erased = look(accepted.id)
    assert (erased.state, erased.result, erased.data_key) == ("erased", None, None)
    assert datetime.now(UTC) - erased.finished_at < timedelta(minutes=5)
