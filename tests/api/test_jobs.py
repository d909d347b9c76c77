"""The native API as a client meets it: accept, poll, list, erase, and every refusal with its problem document."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from core import jobs, organizations
from core.documents import Failure, FailureReason
from core.keys import Scope
from core.settings import settings
from core.transaction import transaction

RESULT = {
    "document_type": "passport",
    "fields": {"surname": {"value": "SPECIMEN", "confidence": 0.99, "box": None, "source": "mrz"}},
    "mrz": None,
    "checks": [],
    "quality": {},
    "image": None,
    "timings_ms": {},
    "engine": "none",
}


def upload(client, content, name="card.jpg", **fields):
    return client.post("/v1/jobs", files={"image": (name, content)}, data={"document": "mrz", **fields})


def end(job_id, outcome=RESULT):
    with transaction() as db:
        job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
    with transaction() as db:
        if isinstance(outcome, Failure):
            jobs.fail(db, job, outcome)
        else:
            jobs.receive(db, job, outcome)


def assert_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:idmill:problem:{code}"
    assert len(body["detail"]) > 10
    assert "Traceback" not in answer.text


def test_upload_is_accepted_with_a_place_to_look(client, picture):
    answer = upload(client, picture, metadata='{"order": 7}')
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert (job["status"], job["stage"], job["result"], job["metadata"]) == ("CREATED", "queued", None, {"order": 7})
    polled = client.get(answer.headers["location"])
    assert polled.json() == job


def test_result_arrives_with_the_status(client, picture):
    job = upload(client, picture).json()
    end(job["id"])
    ended = client.get(f"/v1/jobs/{job['id']}").json()
    assert (ended["status"], ended["stage"], ended["failure_reason"]) == ("RECEIVED", "done", None)
    assert ended["result"]["fields"]["surname"]["value"] == "SPECIMEN"


def test_failure_says_why(client, picture):
    job = upload(client, picture).json()
    end(job["id"], Failure(FailureReason.BLURRED, "Hold the camera still.", {"sharpness": 2.0}, ((1, 2),) * 4))
    ended = client.get(f"/v1/jobs/{job['id']}").json()
    assert (ended["status"], ended["result"]) == ("FAILED", None)
    assert ended["failure_reason"]["reason"] == "blurred"
    assert ended["failure_reason"]["box"] == [[1, 2]] * 4


def test_etag_answers_304_until_something_changes(client, picture):
    job = upload(client, picture).json()
    path = f"/v1/jobs/{job['id']}"
    etag = client.get(path).headers["etag"]
    unchanged = client.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    end(job["id"])
    changed = client.get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_waiting_client_is_woken_by_the_end(client, picture):
    job = upload(client, picture).json()
    threading.Timer(0.5, end, (job["id"],)).start()
    started = time.monotonic()
    ended = client.get(f"/v1/jobs/{job['id']}?wait=20").json()
    assert ended["status"] == "RECEIVED"
    assert time.monotonic() - started < 5


def test_wait_ends_with_the_job_as_it_is(client, picture):
    job = upload(client, picture).json()
    started = time.monotonic()
    assert client.get(f"/v1/jobs/{job['id']}?wait=1").json()["status"] == "CREATED"
    assert time.monotonic() - started >= 1


def test_preferred_wait_is_capped_and_named(client, picture):
    def end_it_as_soon_as_it_is_there():
        while not (found := client.get("/v1/jobs").json()["items"]):
            time.sleep(0.1)
        end(found[0]["id"])

    threading.Thread(target=end_it_as_soon_as_it_is_there, daemon=True).start()
    answer = client.post(
        "/v1/jobs",
        files={"image": picture},
        data={"document": "mrz"},
        headers={"Prefer": "respond-async, wait=9999"},
    )
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == f"wait={settings().max_wait_seconds}"
    assert answer.json()["status"] == "RECEIVED"


def test_list_pages_and_filters(client, picture):
    made = [upload(client, picture).json()["id"] for _ in range(3)]
    end(made[0])
    first = client.get("/v1/jobs?limit=2").json()
    rest = client.get("/v1/jobs", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [job["id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    received = client.get("/v1/jobs?status=RECEIVED").json()["items"]
    assert [job["id"] for job in received] == [made[0]]


def test_session_shows_its_attempts(client, picture):
    first = upload(client, picture).json()
    end(first["id"], Failure(FailureReason.GLARE, "Tilt the card."))
    second = upload(client, picture, session_id=first["session_id"]).json()
    session = client.get(f"/v1/sessions/{first['session_id']}").json()
    assert session["status"] == "CREATED"
    assert [(job["id"], job["attempt"]) for job in session["jobs"]] == [(first["id"], 1), (second["id"], 2)]


def test_erased_job_is_gone(client, picture):
    job = upload(client, picture).json()
    end(job["id"])
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert_problem(client.get(f"/v1/jobs/{job['id']}"), 410, "erased")
    assert client.get("/v1/jobs").json()["items"] == []
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_foreign_and_unknown_jobs_are_not_found(client, picture, new_key, method):
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
    mine = upload(client, picture).json()["id"]
    rival = {"Authorization": f"Bearer {new_key(organization=other)}"}
    assert_problem(client.request(method, f"/v1/jobs/{mine}", headers=rival), 404, "not-found")
    assert_problem(client.request(method, f"/v1/jobs/{uuid4()}"), 404, "not-found")


def test_foreign_session_is_not_found(client, picture, new_key):
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
    mine = upload(client, picture).json()["session_id"]
    rival = {"Authorization": f"Bearer {new_key(organization=other)}"}
    assert_problem(client.get(f"/v1/sessions/{mine}", headers=rival), 404, "not-found")


def test_missing_and_wrong_keys_are_refused(client, picture):
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer idm_0_0"}, {"Authorization": "Basic eDp5"}):
        answer = client.post("/v1/jobs", files={"image": picture}, headers=headers)
        assert_problem(answer, 401, "key-refused")
        assert "Bearer" in answer.headers["www-authenticate"]


def test_key_is_taken_from_either_header(client, new_key):
    headers = {"Authorization": "", "X-API-Key": new_key()}
    assert client.get("/v1/jobs", headers=headers).status_code == 200


def test_key_without_the_scope_is_forbidden(client, picture, new_key):
    headers = {"Authorization": f"Bearer {new_key(Scope.JOBS_READ)}"}
    assert client.get("/v1/jobs", headers=headers).status_code == 200
    assert_problem(client.post("/v1/jobs", files={"image": picture}, headers=headers), 403, "scope-missing")


def save(picture_format, mode="RGB", **options):
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(stream, picture_format, **options)
    return stream.getvalue()


def bomb():
    """A PNG header that promises 30,000 x 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + bytes(1000)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: save("JPEG"), id="jpeg"),
        pytest.param(lambda: save("JPEG", "CMYK"), id="cmyk"),
        pytest.param(lambda: save("PNG", "L"), id="grey"),
        pytest.param(lambda: save("WEBP"), id="webp"),
        pytest.param(lambda: save("GIF", "P"), id="gif"),
        pytest.param(lambda: save("TIFF"), id="tiff"),
        pytest.param(lambda: save("PDF"), id="pdf"),
        pytest.param(lambda: save("JPEG")[:300], id="truncated"),
        pytest.param(bomb, id="bomb"),
    ],
)
def test_every_picture_format_is_taken(client, content):
    assert upload(client, content()).status_code == 202


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(b"", 400, "upload-empty", id="empty"),
        pytest.param(b"only words", 415, "upload-unsupported", id="text"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "upload-unsupported", id="svg"),
        pytest.param(b"\xff\xd8\xff" + bytes(60_000_000), 413, "upload-too-large", id="trailing-garbage"),
    ],
)
def test_upload_that_is_no_picture_is_refused_and_the_next_one_is_taken(client, picture, content, status, code):
    assert_problem(upload(client, content), status, code)
    assert upload(client, picture).status_code == 202


def test_body_without_a_length_is_cut_at_the_limit(client):
    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
        for _ in range(30):
            yield bytes(1_000_000)

    answer = client.post("/v1/jobs", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert_problem(answer, 413, "upload-too-large")


def test_missing_file_part_says_what_to_send(client):
    assert_problem(client.post("/v1/jobs", data={"document": "mrz"}), 422, "upload-missing")
    assert_problem(client.post("/v1/jobs", data={"image": "text", "document": "mrz"}), 422, "upload-missing")
    assert_problem(client.post("/v1/jobs"), 422, "upload-missing")
    assert_problem(client.post("/v1/jobs", files={"image": ("", b"")}), 422, "upload-missing")


@pytest.mark.parametrize(
    "fields",
    [
        {"document": "library-card"},
        {"session_id": "not-a-uuid"},
        {"metadata": "[1]"},
        {"metadata": "{"},
        {"metadata": '{"a": "\\u0000"}'},
        {"metadata": '{"a": "\\ud800"}'},
        {"metadata": '{"a": NaN}'},
        {"metadata": "{" + '"a":{' * 400},
        {"end_client": "x" * 500},
    ],
)
def test_field_that_cannot_be_used_is_named(client, picture, fields):
    answer = upload(client, picture, **fields)
    assert_problem(answer, 422, "request-invalid")
    assert next(iter(fields)) in answer.json()["detail"]


def test_field_without_bytes_counts_as_not_sent(client, picture):
    answer = upload(client, picture, document="", session_id="", end_client="", metadata="")
    assert answer.status_code == 202
    assert answer.json()["document"] == "auto"


def test_malformed_multipart_is_said_to_be(client):
    answer = client.post("/v1/jobs", content=b"junk", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert_problem(answer, 400, "bad-request")
    answer = client.post("/v1/jobs", content=b"--b\r\nX", headers={"Content-Type": "multipart/form-data"})
    assert_problem(answer, 400, "bad-request")


def test_refusals_never_repeat_what_was_sent(client, picture):
    answer = upload(client, picture, session_id="900101-14-5678")
    assert "900101" not in answer.text


def test_broken_cursor_and_list_parameters_are_named(client):
    for query in ("cursor=%00", "cursor=abc", "limit=0", "limit=x", "status=DONE", "created_after=yesterday"):
        assert_problem(client.get(f"/v1/jobs?{query}"), 422, "request-invalid")


def test_unknown_path_and_method_have_problem_documents(client):
    assert_problem(client.get("/v1/nothing"), 404, "not-found")
    assert_problem(client.put("/v1/jobs"), 405, "method-not-allowed")


def test_probes_and_documents_need_no_key(client):
    for path in ("/livez", "/readyz", "/openapi.json", "/docs"):
        assert client.get(path, headers={"Authorization": ""}).status_code == 200
