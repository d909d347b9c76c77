"""Back-pressure: a full house says so, with the time to wait, and stores nothing."""

from __future__ import annotations

import pytest

from core import admission, errors, jobs, sealed, storage
from core.db.tables import Organization
from core.documents import Failure, FailureReason
from core.settings import settings
from core.transaction import transaction

BLURRED = Failure(FailureReason.BLURRED, "Hold the camera still.")


@pytest.fixture(autouse=True)
def _fresh_count():
    admission._known.cache_clear()
    yield
    admission._known.cache_clear()


def allow(organization_id, most):
    with transaction() as db:
        db.get(Organization, organization_id).most_open_jobs = most


def test_organization_at_its_limit_waits_and_another_does_not(accept, organization_id):
    allow(organization_id, 2)
    for _ in range(2):
        accept()
    with pytest.raises(errors.TooManyOpenJobs) as refused:
        accept()
    assert 1 <= refused.value.retry_seconds <= 60


def test_ended_job_makes_room_within_a_refresh(accept, claim, organization_id, monkeypatch):
    monkeypatch.setattr(admission, "REFRESH_SECONDS", 0.0)
    allow(organization_id, 1)
    job = claim(accept())
    with transaction() as db:
        jobs.fail(db, job, BLURRED)
    accept()
    with pytest.raises(errors.TooManyOpenJobs):
        accept()


def test_backlog_of_everybody_is_limited(accept, monkeypatch):
    accept()
    monkeypatch.setattr(settings(), "max_backlog", 1)
    with pytest.raises(errors.TemporarilyUnavailable) as refused:
        accept()
    assert refused.value.retry_seconds >= 1


def test_limit_holds_between_two_looks_at_postgres(accept, organization_id, monkeypatch):
    monkeypatch.setattr(admission, "REFRESH_SECONDS", 3600.0)
    allow(organization_id, 3)
    for _ in range(3):
        accept()
    with pytest.raises(errors.TooManyOpenJobs):
        accept()


def test_disk_below_its_floor_is_refused_before_anything_is_written(accept, monkeypatch, organization_id):
    monkeypatch.setattr(settings(), "disk_floor_bytes", 1 << 60)
    with pytest.raises(storage.StorageFailed), transaction() as db:
        admission.must_have_room(db, organization_id)


def test_store_that_cannot_write_is_a_refusal_with_a_time_to_come_back(organization_id, monkeypatch, tmp_path):
    occupied = tmp_path / "blobs"
    occupied.write_text("a file where the directory should be")
    monkeypatch.setattr(storage, "blobs", lambda: storage.LocalBlobs(occupied))
    with pytest.raises(storage.StorageFailed) as refused:
        sealed.store_picture(organization_id, b"SPECIMEN", "image/png")
    assert refused.value.retry_seconds


def test_pace_decides_how_long_to_wait(accept, claim, organization_id, monkeypatch):
    monkeypatch.setattr(admission, "REFRESH_SECONDS", 0.0)
    for _ in range(4):
        job = claim(accept())
        with transaction() as db:
            jobs.fail(db, job, BLURRED)
    allow(organization_id, 1)
    accept()
    with pytest.raises(errors.TooManyOpenJobs) as refused:
        accept()
    assert refused.value.retry_seconds < admission.MOST_RETRY_SECONDS


def test_room_is_counted_once_a_second(accept, organization_id, monkeypatch):
    counted = []
    monkeypatch.setattr(admission, "_count", lambda db, known: counted.append(setattr(known, "at", 1e18)))
    for _ in range(5):
        with transaction() as db:
            admission.must_have_room(db, organization_id)
    assert len(counted) == 1
