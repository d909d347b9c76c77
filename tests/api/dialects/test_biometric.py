"""biometric.kz's MRZ service on the wire: its body, and every error row provoked over HTTP."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from core import keys, organizations, subscriptions
from core.db.tables import Attempt, Job, Subscription, UsageRecord
from core.keys import Scope
from core.settings import settings
from core.subscriptions import Technology
from core.transaction import transaction
from lab.specimens.draw import specimen

PATH = "/api/v1/backend/mrz/retrieve/"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def card():
    """A Kyrgyz card, photographed."""
    return specimen("td1-kgz", "clean", 7)


@pytest.fixture
def key_with(settings_env):
    """Makes an organization with the subscriptions given, and a key of it."""

    def make(*wanted: dict, **key) -> str:
        with transaction() as db:
            organization = organizations.create(db, "Specimen Bank")
            for one in wanted:
                subscriptions.subscribe(db, organization.id, **{"technology": Technology.MRZ, **one})
            return keys.issue(db, organization.id, label="SPECIMEN", scopes=[Scope.JOBS_WRITE], **key).text

    return make


@pytest.fixture
def api_key(new_key):
    return new_key()


def retrieve(client, api_key, picture, path=PATH, **data):
    headers = {"Accept": "application/json", "Authorization": ""}
    return client.post(
        path, data={"api_key": api_key, **data}, files={"image": ("image.jpg", picture)}, headers=headers
    )


def assert_refused(answer, status, detail):
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize("path", [PATH, PATH.rstrip("/")])
def test_card_is_read_within_the_request(client, worker, api_key, card, path):
    answer = retrieve(client, api_key, card.picture, path)
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert body["status"] == "RECEIVED"
    assert body["result"] is True
    assert body["failure_reason"] is None
    assert body["mrz_string"] == "\n".join(card.truth_lines)
    assert uuid.UUID(body["backend_session"]) == uuid.UUID(body["backend_session_id"])
    assert set(body) == {
        "backend_session",
        "backend_session_id",
        "status",
        "result",
        "mrz_string",
        "failure_reason",
    }


def test_same_session_and_result_are_there_natively(client, worker, api_key, card):
    body = retrieve(client, api_key, card.picture, personal_number="900101300017").json()
    session = client.get(f"/v1/sessions/{body['backend_session']}").json()
    assert session["status"] == "RECEIVED"
    assert "\n".join(session["jobs"][0]["result"]["mrz"]["lines"]) == body["mrz_string"]
    assert [attempt["given_back_at"] for attempt in session["attempts"]] == [None]
    assert client.get("/v1/usage").json() == [{"technology": "mrz", "readings": 1}]


def test_national_cross_checks_are_in_the_native_result(client, worker, api_key, card):
    body = retrieve(client, api_key, card.picture).json()
    result = client.get(f"/v1/sessions/{body['backend_session']}").json()["jobs"][0]["result"]
    verdicts = {check["name"]: check["verdict"] for check in result["checks"]}
    assert verdicts["composite_check_digit"] == "pass"
    assert any(name.startswith("pin_") or "personal_number" in name for name in verdicts), verdicts


def test_subscription_that_has_not_started(client, key_with, picture):
    key = key_with({"starts_at": NOW + DAY})
    assert_refused(retrieve(client, key, picture), 400, "Subscription has not started")


def test_no_active_or_future_subscription(client, key_with, picture):
    key = key_with({"starts_at": NOW - 2 * DAY, "ends_at": NOW - DAY})
    assert_refused(retrieve(client, key, picture), 400, "No active or future subscription for technology")


def test_used_up_subscription_is_no_longer_active(client, worker, key_with, card):
    key = key_with({"starts_at": NOW - DAY, "total_limit": 1})
    assert retrieve(client, key, card.picture).status_code == 200
    assert_refused(retrieve(client, key, card.picture), 400, "No active or future subscription for technology")


def test_client_without_subscription(client, key_with, picture):
    assert_refused(retrieve(client, key_with(), picture), 400, "Client does not have subscription")


def test_client_without_the_technology(client, key_with, picture):
    key = key_with({"starts_at": NOW - DAY, "technology": Technology.MYKAD})
    assert_refused(retrieve(client, key, picture), 400, "Client does not have access to MRZ technology")


def test_end_client_with_too_many_attempts(client, worker, key_with, card):
    key = key_with({"starts_at": NOW - DAY, "attempts_per_client": 3})
    for _ in range(3):
        assert retrieve(client, key, card.picture, personal_number="1").status_code == 200
    assert_refused(retrieve(client, key, card.picture, personal_number="1"), 400, "MRZ max attempts exceeded")
    assert retrieve(client, key, card.picture, personal_number="2").status_code == 200


def test_fifty_parallel_calls_for_one_end_client_get_exactly_three_attempts(client, worker, key_with, card):
    key = key_with({"starts_at": NOW - DAY, "attempts_per_client": 3})
    with ThreadPoolExecutor(50) as callers:
        asked = [callers.submit(retrieve, client, key, card.picture, personal_number="1") for _ in range(50)]
    answers = [one.result() for one in asked]
    assert Counter(answer.status_code for answer in answers) == {200: 3, 400: 47}
    refused = [answer for answer in answers if answer.status_code == 400]
    for answer in refused:
        assert_refused(answer, 400, "MRZ max attempts exceeded")
    assert len({answer.json()["backend_session"] for answer in answers if answer not in refused}) == 3


def test_picture_without_mrz(client, worker, api_key, picture):
    assert_refused(retrieve(client, api_key, picture), 422, "Error while parsing MRZ")
    job = client.get("/v1/jobs").json()["items"][0]
    assert job["status"] == "FAILED"
    assert job["failure_reason"]["reason"] in {"no_document", "no_mrz", "too_small"}  # of 96 pixels


def test_file_that_is_no_picture(client, api_key):
    assert_refused(retrieve(client, api_key, b"words"), 422, "Error while parsing MRZ")
    assert_refused(retrieve(client, api_key, b""), 422, "Error while parsing MRZ")


def test_no_worker_answers_503_in_bounded_time_and_nobody_is_charged(client, api_key, picture, monkeypatch):
    monkeypatch.setattr(settings(), "max_wait_seconds", 1)
    answer = retrieve(client, api_key, picture, personal_number="1")
    assert_refused(answer, 503, "MRZ service not available now")
    with transaction() as db:
        job = db.scalars(select(Job).order_by(Job.id.desc())).first()
        assert job.state == "failed"
        assert db.get(Attempt, job.id).given_back_reason == "reader_failed"
        assert db.get(UsageRecord, job.id) is None


def test_database_that_is_away_answers_503(settings_env, client, api_key, picture, monkeypatch):
    from core.db import engine

    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    engine.engine().dispose()
    for remembered in (settings, engine.engine, engine.new_session):
        remembered.cache_clear()
    try:
        assert_refused(retrieve(client, api_key, picture), 503, "MRZ service not available now")
    finally:
        monkeypatch.undo()
        for remembered in (settings, engine.engine, engine.new_session):
            remembered.cache_clear()


def test_wrong_and_missing_keys_and_parts(client, api_key, picture):
    assert_refused(retrieve(client, "Efy202XKbVAWRu", picture), 401, "Invalid API key.")
    without_picture = client.post(PATH, data={"api_key": api_key})
    assert without_picture.status_code == 400
    assert "image" in without_picture.json()["detail"]
    without_key = client.post(PATH, files={"image": picture})
    assert without_key.status_code == 400
    assert "api_key" in without_key.json()["detail"]


def test_body_over_the_limit(client, api_key):
    answer = retrieve(client, api_key, bytes(21_000_000))
    assert answer.status_code == 413
    assert "larger than this server accepts" in answer.json()["detail"]


def test_pasted_path_names_the_right_one(client, api_key, picture):
    answer = retrieve(client, api_key, picture, "/api/v1/backend/erd/retrieve/")
    assert answer.status_code == 404
    assert PATH in answer.json()["detail"]


def test_other_methods_and_paths_answer_in_the_same_family(client):
    assert set(client.get(PATH).json()) == {"detail"}
    assert set(client.get("/api/v1/backend/nothing/").json()) == {"detail"}


def test_wrong_check_digits_fail_only_for_a_strict_organization(client, worker, api_key, organization_id, card):
    wrong = specimen("td1-kgz", "clean", 7, wrong_digits=True)
    assert retrieve(client, api_key, wrong.picture).json()["mrz_string"] == "\n".join(wrong.truth_lines)
    with transaction() as db:
        organizations.change(db, organization_id, is_strict=True)
    assert_refused(retrieve(client, api_key, wrong.picture), 422, "Error while parsing MRZ")
    assert client.get("/v1/jobs").json()["items"][0]["failure_reason"]["reason"] == "wrong_check_digits"
    assert retrieve(client, api_key, card.picture).status_code == 200


def test_document_is_parsed_from_either_side(client, worker, api_key, card):
    front = specimen("no-mrz", "clean", 3).picture
    path = "/api/v1/backend/document/parse/"
    for sides in ({"backside_image": card.picture, "frontside_image": front}, {"frontside_image": card.picture}):
        answer = client.post(path, data={"api_key": api_key}, files=sides)
        body = answer.json()
        assert answer.status_code == 200, answer.text
        assert body["status"] == "RECEIVED"
        assert body["mrz_string"] == "\n".join(card.truth_lines)
        assert body["document"]["document_number"] == card.values["document_number"]
    swapped = {"backside_image": front, "frontside_image": card.picture}
    body = client.post(path, data={"api_key": api_key}, files=swapped).json()
    session = client.get(f"/v1/sessions/{body['backend_session']}").json()
    assert [job["status"] for job in session["jobs"]] == ["FAILED", "RECEIVED"]
    with transaction() as db:
        of_session = UsageRecord.session_id == uuid.UUID(body["backend_session"])
        assert db.scalar(select(func.count()).where(of_session)) == 1


def test_document_without_any_side_is_refused(client, api_key):
    answer = client.post("/api/v1/backend/document/parse/", data={"api_key": api_key})
    assert answer.status_code == 400


def test_several_subscriptions_follow_one_another(client, worker, key_with, card):
    key = key_with(
        {"starts_at": NOW - 9 * DAY, "ends_at": NOW - DAY},
        {"starts_at": NOW - DAY, "ends_at": NOW + DAY},
        {"starts_at": NOW + DAY},
    )
    assert retrieve(client, key, card.picture).status_code == 200
    with transaction() as db:
        end_all = update(Subscription).where(Subscription.starts_at < NOW)
        db.execute(end_all.values(ends_at=NOW))
    assert_refused(retrieve(client, key, card.picture), 400, "Subscription has not started")
