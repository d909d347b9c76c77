"""Batches: many pictures or a ZIP in one request, one id, progress, every result, one event at the end."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest

from core import jobs, organizations
from core.documents import Failure, FailureReason
from core.transaction import transaction

RESULT = {
    "document_type": "passport", "fields": {}, "mrz": None, "checks": [], "quality": {}, "image": None,
    "timings_ms": {}, "engine": "none",
}  # fmt: skip


def send(client, *contents, **fields):
    files = [("images", (f"{place}.png", content)) for place, content in enumerate(contents)]
    return client.post("/v1/batches", files=files, data={"document": "mrz", **fields})


def zipped(entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def send_zip(client, archive, **headers):
    files = {"archive": ("all.zip", archive)}
    return client.post("/v1/batches", files=files, data={"document": "mrz"}, headers=headers)


def end(item, failure=None):
    with transaction() as db:
        job = jobs.claim(db, item["job"]["id"], lease=timedelta(seconds=60), max_claims=5)
    with transaction() as db:
        jobs.receive(db, job, RESULT) if failure is None else jobs.fail(db, job, failure)


def test_every_picture_becomes_a_job_and_the_last_end_finishes_the_batch(client, picture):
    answer = send(client, picture, picture)
    batch = answer.json()
    path = answer.headers["location"]
    assert (answer.status_code, path) == (202, f"/v1/batches/{batch['id']}")
    assert (batch["status"], batch["total"], batch["finished"]) == ("CREATED", 2, 0)
    assert [item["name"] for item in batch["items"]] == ["0.png", "1.png"]
    assert len({item["job"]["session_id"] for item in batch["items"]}) == 2
    end(batch["items"][0])
    half = client.get(path).json()
    assert (half["status"], half["finished"], half["received"]) == ("CREATED", 1, 1)
    assert half["items"][0]["job"]["result"]["document_type"] == "passport"
    end(batch["items"][1], Failure(FailureReason.GLARE, "Tilt the card."))
    whole = client.get(path).json()
    assert (whole["status"], whole["finished"], whole["received"], whole["failed"]) == ("FINISHED", 2, 1, 1)
    told = [event for event in client.get("/v1/events").json()["items"] if event["type"] == "batch.finished"]
    assert [(event["data"]["batch_id"], event["data"]["status"]) for event in told] == [(batch["id"], "FINISHED")]


def test_zip_is_unpacked_and_a_bad_entry_costs_only_itself(client, picture):
    entries = {
        "front.png": picture,
        "folder/back.png": picture,
        "words.txt": b"only words",
        "empty.png": b"",
        "__MACOSX/._front.png": b"junk",
        ".hidden": b"junk",
    }
    batch = send_zip(client, zipped(entries)).json()
    assert [(item["name"], item["status"]) for item in batch["items"]] == [
        ("front.png", "CREATED"),
        ("folder/back.png", "CREATED"),
        ("words.txt", "FAILED"),
        ("empty.png", "FAILED"),
    ]
    assert [item["refusal"] and item["refusal"]["code"] for item in batch["items"]] == [
        None, None, "upload-unsupported", "upload-empty",
    ]  # fmt: skip
    assert (batch["finished"], batch["failed"]) == (2, 2)


def test_batch_of_refusals_is_finished_at_once(client):
    batch = send(client, b"words", b"more words").json()
    assert (batch["status"], batch["failed"], batch["finished_at"] is not None) == ("FINISHED", 2, True)


def test_zip_bomb_is_refused_before_it_opens(client, monkeypatch):
    from core.settings import settings

    monkeypatch.setattr(settings(), "max_batch_bytes", 1_000_000)
    answer = send_zip(client, zipped({"a.png": bytes(900_000), "b.png": bytes(900_000)}))
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    monkeypatch.setattr(settings(), "max_upload_bytes", 500_000)
    one = send_zip(client, zipped({"a.png": bytes(900_000)})).json()["items"][0]
    assert one["refusal"]["code"] == "upload-too-large"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x89PNG\r\n\x1a\n"])
def test_archive_that_is_no_zip_is_said_to_be(client, content):
    answer = client.post("/v1/batches", files={"archive": ("all.zip", content)}, data={"document": "mrz"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


def test_batch_without_files_with_both_kinds_or_too_many_is_refused(client, picture, monkeypatch):
    from core.settings import settings

    both = {"images": ("a.png", picture), "archive": ("a.zip", b"PK")}
    monkeypatch.setattr(settings(), "max_batch_items", 2)
    for answer in (
        client.post("/v1/batches", data={"document": "mrz"}),
        client.post("/v1/batches", files=both, data={"document": "mrz"}),
        send(client, picture, picture, picture),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


def test_key_makes_one_batch(client, picture):
    archive = zipped({"a.png": picture, "words.txt": b"only words"})
    key = {"Idempotency-Key": "batch"}
    first, again = send_zip(client, archive, **key), send_zip(client, archive, **key)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert len(client.get("/v1/jobs").json()["items"]) == 1
    assert send_zip(client, archive + b" ", **key).json()["code"] == "idempotency-key-reused"


def test_unchanged_batch_is_304_and_a_waiting_client_is_woken_by_its_end(client, picture):
    batch = send(client, picture).json()
    path = f"/v1/batches/{batch['id']}"
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    threading.Timer(0.5, end, (batch["items"][0],)).start()
    started = time.monotonic()
    assert client.get(f"{path}?wait=20").json()["status"] == "FINISHED"
    assert time.monotonic() - started < 5


def test_erased_item_counts_as_ended_and_shows_nothing(client, picture):
    batch = send(client, picture).json()
    assert client.delete(f"/v1/jobs/{batch['items'][0]['job']['id']}").status_code == 204
    after = client.get(f"/v1/batches/{batch['id']}").json()
    assert (after["status"], after["items"][0]["status"], after["items"][0]["job"]) == ("FINISHED", "FAILED", None)


def test_parallel_ends_finish_a_batch_once(client, picture):
    batch = send(client, *[picture] * 8).json()
    threads = [threading.Thread(target=end, args=(item,)) for item in batch["items"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get(f"/v1/batches/{batch['id']}").json()["status"] == "FINISHED"
    events = client.get("/v1/events").json()["items"]
    assert [event["type"] for event in events].count("batch.finished") == 1
    assert events[-1]["type"] == "batch.finished"


def test_foreign_and_unknown_batches_are_not_found(client, picture, new_key):
    batch = send(client, picture).json()
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
    rival = {"Authorization": f"Bearer {new_key(organization=other)}"}
    assert client.get(f"/v1/batches/{batch['id']}", headers=rival).status_code == 404
    assert client.get(f"/v1/batches/{uuid4()}").status_code == 404
