"""Events by poll and by stream: the same documents, resumable, of one's own organization only."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import pytest

from core import jobs, organizations
from core.transaction import transaction

STREAM = {"Accept": "text/event-stream"}
RESULT = {
    "document_type": "passport", "fields": {}, "mrz": None, "checks": [], "quality": {}, "image": None,
    "timings_ms": {}, "engine": "none",
}  # fmt: skip


@pytest.fixture
def read_one(client, picture):
    """Uploads a picture and has it read."""

    def read():
        job = client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz"}).json()
        with transaction() as db:
            claimed = jobs.claim(db, job["id"], lease=timedelta(seconds=60), max_claims=5)
        with transaction() as db:
            jobs.receive(db, claimed, RESULT)
        return job

    return read


@pytest.fixture
def short_streams(monkeypatch):
    """Streams end soon, so that the test client, which reads an answer whole, gets them."""
    from api.routes import events

    monkeypatch.setattr(events, "STREAM_SECONDS", 1.5)


def messages(answer):
    blocks = [block.splitlines() for block in answer.text.split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in block if not line.startswith(":")) for block in blocks]
    return [message for message in fields if "data" in message]


def test_poll_gives_what_happened_in_order_and_a_place_to_go_on(client, read_one):
    first, second = read_one(), read_one()
    page = client.get("/v1/events?limit=3").json()
    rest = client.get(f"/v1/events?after={page['next_after']}").json()
    found = page["items"] + rest["items"]
    assert [event["data"]["sequence"] for event in found] == [1, 2, 3, 4]
    assert [event["type"] for event in found] == ["job.received", "session.received"] * 2
    assert [found[0]["data"]["job_id"], found[2]["data"]["job_id"]] == [first["id"], second["id"]]
    assert client.get(f"/v1/events?after={rest['next_after']}").json() == {"items": [], "next_after": 4}


def test_stream_resumes_after_the_last_event_and_carries_the_same_documents(client, read_one, short_streams):
    read_one()
    read_one()
    polled = client.get("/v1/events").json()["items"]
    answer = client.get("/v1/events", headers={**STREAM, "Last-Event-ID": "1"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = messages(answer)
    assert [message["id"] for message in told] == ["2", "3", "4"]
    assert [json.loads(message["data"]) for message in told] == polled[1:]
    assert told[0]["event"] == "session.received"


def test_stream_tells_what_happens_meanwhile_at_once(client, read_one, monkeypatch):
    from api.routes import events

    monkeypatch.setattr(events, "STREAM_SECONDS", 3.0)
    read_one()
    seen = []
    original = events._message
    monkeypatch.setattr(events, "_message", lambda *what: seen.append(time.monotonic()) or original(*what))
    happened = []
    timer = threading.Timer(1.0, lambda: (read_one(), happened.append(time.monotonic())))
    timer.start()
    told = messages(client.get("/v1/events", headers=STREAM))
    timer.join()
    assert [message["id"] for message in told] == ["3", "4"]  # what was before is not told again
    assert seen[0] - happened[0] < 0.5


def test_streams_are_bounded(client, monkeypatch):
    monkeypatch.setattr(client.app.state.waiters, "_most", 0)
    answer = client.get("/v1/events", headers=STREAM)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily-unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_foreign_events_are_not_told(client, read_one, new_key, short_streams):
    read_one()
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
    rival = {"Authorization": f"Bearer {new_key(organization=other)}"}
    assert client.get("/v1/events", headers=rival).json() == {"items": [], "next_after": 0}
    assert messages(client.get("/v1/events?after=0", headers={**rival, **STREAM})) == []


@pytest.mark.parametrize("header", ["x", "-1", "1.5", "9" * 30, "²"])
def test_broken_last_event_id_is_named(client, header):
    answer = client.get("/v1/events", headers={**STREAM, "Last-Event-ID": header.encode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
