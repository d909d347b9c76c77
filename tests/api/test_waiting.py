"""Clients that wait: woken by the end, told their place, bounded, and never by asking Postgres in a loop."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from api import backlog
from core import jobs, organizations, subscriptions
from core.db import engine
from core.transaction import transaction

RESULT = {
    "document_type": "passport", "fields": {}, "mrz": None, "checks": [], "quality": {}, "image": None,
    "timings_ms": {}, "engine": "none",
}  # fmt: skip


def upload(client, picture):
    return client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz"})


def end(job_id):
    with transaction() as db:
        job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
    with transaction() as db:
        jobs.receive(db, job, RESULT)


def test_open_job_tells_its_place_and_retry_after_follows_from_it(client, picture):
    backlog._known.cache_clear()  # what this process remembers of the test before
    made = [upload(client, picture).json()["id"] for _ in range(3)]
    places = [client.get(f"/v1/jobs/{job_id}").json()["queue"]["position"] for job_id in made]
    assert places == [0, 1, 2]
    end(made[0])
    backlog._known.cache_clear()
    answer = client.get(f"/v1/jobs/{made[2]}")
    queue = answer.json()["queue"]
    assert queue["position"] == 1
    assert queue["expected_seconds"] == 120  # the second to come, and one outcome in the last minute
    assert answer.headers["retry-after"] == "30"
    assert client.get(f"/v1/jobs/{made[0]}").json()["queue"] is None


def test_place_of_a_job_counts_organizations_in_turn(client, picture, new_key, organization_id):
    with transaction() as db:
        other = organizations.create(db, "Specimen Neighbour").id
        since = db.scalars(select(func.now() - timedelta(days=1))).one()
        subscriptions.subscribe(db, other, subscriptions.Technology.MRZ, starts_at=since)
    neighbour = {"Authorization": f"Bearer {new_key(organization=other)}"}
    for _ in range(9):
        client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz"}, headers=neighbour)
    backlog._known.cache_clear()
    mine = upload(client, picture).json()
    waiting = backlog._known().waiting
    assert waiting[other] == 9
    assert mine["queue"]["position"] == len(set(waiting) - {organization_id})  # one turn of each, not all of a flood


@pytest.mark.parametrize(("position", "expected", "retry"), [(0, None, 1), (95, None, 10), (5, 7, 7), (900, 4000, 30)])
def test_retry_after_is_the_expected_time_within_bounds(position, expected, retry):
    assert backlog.Place(position, expected).retry_seconds == retry


def test_waiting_asks_postgres_no_more_than_before_and_after(client, picture):
    job = upload(client, picture).json()
    statements = []

    def note(_connection, _cursor, statement, *_):
        if "jobs" in statement:
            statements.append(statement)

    sqlalchemy_event.listen(engine.engine(), "before_cursor_execute", note)
    try:
        assert client.get(f"/v1/jobs/{job['id']}?wait=3").json()["status"] == "CREATED"
    finally:
        sqlalchemy_event.remove(engine.engine(), "before_cursor_execute", note)
    assert len([one for one in statements if "jobs.state" in one and "WHERE jobs.id" in one]) == 2


def test_many_who_wait_for_one_job_are_woken_together(client, picture):
    job = upload(client, picture).json()
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(client.get, f"/v1/jobs/{job['id']}?wait=20") for _ in range(20)]
        time.sleep(1.5)
        started = time.monotonic()
        end(job["id"])
        assert {one.result().json()["status"] for one in waiting} == {"RECEIVED"}
        assert time.monotonic() - started < 5


def test_waiters_are_bounded_and_those_beyond_are_answered_at_once(client, picture, monkeypatch):
    job = upload(client, picture).json()
    monkeypatch.setattr(client.app.state.waiters, "_most", 0)
    started = time.monotonic()
    assert client.get(f"/v1/jobs/{job['id']}?wait=20").json()["status"] == "CREATED"
    assert time.monotonic() - started < 5


def test_waiting_client_of_an_erased_job_is_told_it_is_gone(client, picture):
    job = upload(client, picture).json()
    erasing = threading.Timer(0.7, client.delete, (f"/v1/jobs/{job['id']}",))
    erasing.start()
    assert client.get(f"/v1/jobs/{job['id']}?wait=20").status_code == 410
    erasing.join()  # the application must not end under it


def test_304_says_when_to_come_back(client, picture):
    answer = upload(client, picture)
    unchanged = client.get(answer.headers["location"], headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert int(unchanged.headers["retry-after"]) >= 1
