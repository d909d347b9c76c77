"""What Prometheus is told: from the rows, once each, without a name or an id in it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from core import jobs, sealed
from core.db.tables import Heartbeat, Job
from core.documents import DocumentKind, Failure, FailureReason
from core.transaction import transaction
from worker import tally
from worker.metrics import Numbers

ROOT = Path(__file__).parents[2]
RESULT = {
    "document_type": "passport",
    "fields": {"surname": {"value": "SPECIMENNAME"}},
    "mrz": {"repaired": [{"line": 1, "column": 3, "read": "0", "taken": "O"}]},
    "checks": [{"name": "birth_date_check_digit", "verdict": "fail"}, {"name": "composite", "verdict": "pass"}],
    "timings_ms": {"decode": 12.0, "total": 240.0},
}


@pytest.fixture
def numbers(settings_env, monkeypatch):
    """A collector that counts at once what has ended."""
    monkeypatch.setattr(tally, "LAG_SECONDS", 0)
    with transaction() as db:
        for table in (
            "webhook_deliveries",
            "usage_records",
            "events",
            "attempts",
            "fencings",
            "jobs",
            "sessions",
            "heartbeats",
        ):
            db.execute(text(f"DELETE FROM {table}"))
    return Numbers()


@pytest.fixture
def accept(organization_id):
    def accept_one() -> Job:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            return jobs.accept(db, picture, jobs.Request(document=DocumentKind.MRZ, metadata={"name": "SPECIMENNAME"}))

    return accept_one


def claim(job: Job) -> Job:
    with transaction() as db:
        claimed = jobs.claim(db, job.id, lease=timedelta(seconds=60), max_claims=5)
    assert claimed is not None
    return claimed


def scraped(numbers: Numbers) -> str:
    registry = CollectorRegistry()
    registry.register(numbers)
    return generate_latest(registry).decode()


def value(page: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def test_waiting_and_held_jobs_are_counted_by_who_waits(numbers, accept):
    for _ in range(3):
        accept()
    claim(accept())
    page = scraped(numbers)
    assert value(page, "idmill_jobs", state="queued", priority="person") == 3
    assert value(page, "idmill_jobs", state="reading", priority="person") == 1
    assert value(page, "idmill_jobs", state="queued", priority="batch") == 0
    assert value(page, "idmill_organizations_waiting") == 1
    assert value(page, "idmill_largest_backlog") == 3


def test_age_of_the_oldest_job_is_told_and_a_pause_is_not_held_against_anybody(numbers, accept):
    old, paused = accept(), accept()
    with transaction() as db:
        late = text("now() - interval '90 seconds'")
        db.execute(update(Job).where(Job.id == old.id).values(created_at=late, next_attempt_at=late))
        early = text("now() - interval '900 seconds'")
        soon = text("now() + interval '60 seconds'")
        db.execute(update(Job).where(Job.id == paused.id).values(created_at=early, next_attempt_at=soon))
    page = scraped(numbers)
    assert 90 <= value(page, "idmill_oldest_due_seconds") < 120
    assert 900 <= value(page, "idmill_oldest_queued_seconds") < 930


def test_every_outcome_is_counted_once_however_often_it_is_asked(numbers, accept):
    scraped(numbers)
    claimed = claim(accept())
    with transaction() as db:
        jobs.receive(db, claimed, RESULT)
    claimed = claim(accept())
    with transaction() as db:
        jobs.fail(db, claimed, Failure(FailureReason.BLURRED, "Hold the camera still.", {"sharpness": 3.5}))
    for _ in range(3):
        page = scraped(numbers)
    assert value(page, "idmill_jobs_ended_total", state="received", document="mrz", reason="") == 1
    assert value(page, "idmill_jobs_ended_total", state="failed", reason="blurred") == 1
    assert value(page, "idmill_claims_total") == 2
    assert value(page, "idmill_job_seconds_count", span="accepted_to_ended") == 2


def test_outcomes_that_came_too_late_are_counted_once_each(numbers, accept):
    scraped(numbers)
    for claimed in (claim(accept()), claim(accept())):
        for _ in range(2):
            with transaction() as db:
                jobs.note_fenced(db, claimed)
    assert value(scraped(numbers), "idmill_fenced_total") == 2
    assert value(scraped(numbers), "idmill_fenced_total") == 2


def test_readings_tell_their_stages_repairs_and_failed_checks(numbers, accept):
    scraped(numbers)
    claimed = claim(accept())
    with transaction() as db:
        jobs.receive(db, claimed, RESULT)
    page = scraped(numbers)
    assert value(page, "idmill_stage_seconds_sum", stage="total") == pytest.approx(0.24)
    assert value(page, "idmill_stage_seconds_bucket", stage="decode", le="0.01") == 0
    assert value(page, "idmill_stage_seconds_bucket", stage="decode", le="0.025") == 1
    assert value(page, "idmill_repaired_characters_total") == 1
    assert value(page, "idmill_failed_checks_total") == 1
    assert value(page, "idmill_readings_measured_total") == 1


def test_nothing_of_a_person_or_an_organization_is_told(numbers, accept, organization_id):
    scraped(numbers)
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    accept()
    page = scraped(numbers)
    for secret in ("SPECIMENNAME", "Specimen Bank", str(organization_id), str(job.id), str(job.session_id)):
        assert secret not in page


def test_measures_of_an_erased_job_are_gone(numbers, accept):
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    with transaction() as db:
        assert db.get(Job, job.id).measures["repaired"] == 1
        jobs.erase(db, job.organization_id, job.id)
    with transaction() as db:
        assert db.get(Job, job.id).measures is None


def test_silent_sweeper_shows_and_one_that_never_was_is_absent(numbers):
    assert value(scraped(numbers), "idmill_sweeper_age_seconds") is None
    with transaction() as db:
        db.add(Heartbeat(name="sweeper", at=db.scalar(text("SELECT now() - interval '5 minutes'"))))
    assert 300 <= value(scraped(numbers), "idmill_sweeper_age_seconds") < 330


def test_requests_to_receivers_are_counted_by_answer(numbers, organization_id, accept):
    scraped(numbers)
    accept_and_deliver(organization_id, accept)
    page = scraped(numbers)
    assert value(page, "idmill_webhook_requests_total", status="5xx", error="refused") == 1
    assert value(page, "idmill_webhook_requests_total", status="none", error="timed_out") == 1
    assert value(page, "idmill_webhook_given_up_total") == 1
    assert value(page, "idmill_webhook_deliveries", state="waiting") == 0


def accept_and_deliver(organization_id, accept) -> None:
    """A delivery that failed twice and was given up, as the sender leaves it."""
    from core import webhooks
    from core.db.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint

    with transaction() as db:
        endpoint = webhooks.for_callbacks(db, organization_id)
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    with transaction() as db:
        event_id = db.scalar(text("SELECT id FROM events WHERE job_id = :job"), {"job": job.id})
        assert db.get(WebhookEndpoint, endpoint) is not None
        delivery = WebhookDelivery(
            organization_id=organization_id,
            endpoint_id=endpoint,
            event_id=event_id,
            state="failed",
            finished_at=db.scalar(text("SELECT now()")),
        )
        db.add(delivery)
        db.flush()
        db.add(
            WebhookAttempt(delivery_id=delivery.id, number=1, status=503, milliseconds=9, answer="", error="refused")
        )
        db.add(WebhookAttempt(delivery_id=delivery.id, number=2, milliseconds=15000, answer="", error="timed_out"))


def test_counts_of_a_scrape_that_broke_are_not_lost_and_not_doubled(numbers, accept, monkeypatch):
    scraped(numbers)
    job = claim(accept())
    with transaction() as db:
        jobs.receive(db, job, RESULT)
    with monkeypatch.context() as broken:
        ends_itself = "SELECT set_config('role', 'none', true), pg_terminate_backend(pg_backend_pid())"
        broken.setattr(tally, "_GIVEN_UP", text(ends_itself))
        page = scraped(numbers)
    assert value(page, "idmill_database_up") == 0
    assert value(page, "idmill_jobs_ended_total", state="received") is None
    page = scraped(numbers)
    assert value(page, "idmill_database_up") == 1
    assert value(page, "idmill_jobs_ended_total", state="received") == 1


def test_process_answers_on_its_own_port_and_ends_when_asked(settings_env):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.metrics", "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **settings_env},
    )
    try:
        page = fetched(port)
        assert "idmill_database_up 1.0" in page
        assert "idmill_broker_up 1.0" in page
    finally:
        process.terminate()
        assert process.wait(20) == 0


def fetched(port: int) -> str:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        finally:
            connection.close()


def test_probe_says_whether_there_is_a_sweeper(numbers):
    from worker import sweeper_probe

    assert sweeper_probe.main() == 1
    with transaction() as db:
        db.add(Heartbeat(name="sweeper"))
    assert sweeper_probe.main() == 0
