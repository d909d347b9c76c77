"""The same request with the same key makes one thing and gets one answer, also in parallel and after a kill -9."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select, update

from core import jobs
from core.db.tables import ApiKey, IdempotencyKey, Job, ReadingSession, WebhookEndpoint
from core.keys import Scope
from core.transaction import transaction

ROOT = Path(__file__).parents[2]


def upload(client, picture, key, **fields):
    return client.post(
        "/v1/jobs",
        files={"image": ("card.png", picture)},
        data={"document": "mrz", **fields},
        headers={"Idempotency-Key": key},
    )


def count(table):
    with transaction() as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def end(job_id):
    with transaction() as db:
        job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
    with transaction() as db:
        jobs.receive(
            db,
            job,
            {
                "document_type": "passport",
                "fields": {},
                "mrz": None,
                "checks": [],
                "quality": {},
                "image": None,
                "timings_ms": {},
                "engine": "none",
            },
        )


def test_replay_is_the_same_bytes_whatever_happened_since(client, picture):
    first = upload(client, picture, "a-key", metadata='{"order": 7}')
    end(first.json()["id"])
    again = upload(client, picture, "a-key", metadata='{"order": 7}')
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    for name in ("location", "etag", "retry-after", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


def test_other_boundary_and_file_name_is_the_same_request(client, picture):
    first = upload(client, picture, "same")
    again = client.post(
        "/v1/jobs",
        files={"image": ("other-name.png", picture)},
        data={"document": "mrz"},
        headers={"Idempotency-Key": '"same"'},  # a structured string, as draft-07 writes it
    )
    assert again.content == first.content


@pytest.mark.parametrize("change", ["picture", "field", "more", "path"])
def test_other_request_with_the_key_is_refused(client, picture, change):
    upload(client, picture, f"reused-{change}")
    before = count(Job)
    if change == "path":
        answer = client.post(
            "/v1/webhook-endpoints", json={"url": "https://example.com/"}, headers={"Idempotency-Key": "reused-path"}
        )
    else:
        fields = {"field": {"document": "auto"}, "more": {"end_client": "x"}}.get(change, {})
        answer = upload(client, picture + b" " * (change == "picture"), f"reused-{change}", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert count(Job) == before


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ключ".encode(), "a\tb"])
def test_text_that_is_no_key_is_refused(client, picture, key):
    answer = upload(client, picture, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")


def test_keys_of_two_organizations_do_not_meet(client, picture, new_key):
    from core import organizations, subscriptions

    with transaction() as db:
        rival = organizations.create(db, "Specimen Rival").id
        since = db.scalars(select(func.now() - timedelta(days=1))).one()
        subscriptions.subscribe(db, rival, subscriptions.Technology.MRZ, starts_at=since)
    mine = upload(client, picture, "shared")
    theirs = client.post(
        "/v1/jobs",
        files={"image": ("card.png", picture)},
        data={"document": "mrz"},
        headers={"Idempotency-Key": "shared", "Authorization": f"Bearer {new_key(organization=rival)}"},
    )
    assert theirs.status_code == 202
    assert theirs.json()["id"] != mine.json()["id"]


def test_refused_request_leaves_its_key_free(client, picture):
    assert upload(client, b"only words", "later").status_code == 415
    assert upload(client, picture, "later").status_code == 202


def test_key_is_free_again_after_a_day_and_swept(client, picture):
    from worker import sweeper

    first = upload(client, picture, "yesterday")
    with transaction() as db:
        db.execute(update(IdempotencyKey).values(expires_at=func.now() - timedelta(seconds=1)))
    assert upload(client, picture, "yesterday").json()["id"] != first.json()["id"]
    with transaction() as db:
        db.execute(update(IdempotencyKey).values(expires_at=func.now() - timedelta(seconds=1)))
    sweeper.forget_answers()
    assert count(IdempotencyKey) == 0


def test_secret_in_an_answer_is_kept_sealed_and_replayed(client):
    ask = {"json": {"url": "https://example.com/hook"}, "headers": {"Idempotency-Key": "endpoint"}}
    before = count(WebhookEndpoint)
    first = client.post("/v1/webhook-endpoints", **ask)
    again = client.post("/v1/webhook-endpoints", json={"url": "https://example.com/hook"}, headers=ask["headers"])
    assert (first.status_code, again.content) == (201, first.content)
    assert count(WebhookEndpoint) == before + 1
    with transaction() as db:
        row = db.scalars(select(IdempotencyKey).where(IdempotencyKey.key == "endpoint")).one()
    assert first.json()["secret"].encode() not in row.answer


def test_operators_key_is_issued_once_and_its_secret_replayed(client, organization_id, new_key):
    headers = {"Authorization": f"Bearer {new_key(Scope.ADMIN)}", "Idempotency-Key": "issue"}
    before = count(ApiKey)
    path = f"/v1/admin/organizations/{organization_id}/keys"
    first, again = (client.post(path, json={"label": "SPECIMEN"}, headers=headers) for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert count(ApiKey) == before + 1
    assert client.get("/v1/jobs", headers={"Authorization": f"Bearer {again.json()['key']}"}).status_code == 200


def test_erased_job_is_not_told_again_by_its_key(client, picture):
    job = upload(client, picture, "erased", metadata='{"order": "SPECIMEN"}').json()
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    again = upload(client, picture, "erased", metadata='{"order": "SPECIMEN"}')
    assert (again.status_code, again.json()["code"]) == (410, "erased")
    with transaction() as db:
        row = db.scalars(select(IdempotencyKey).where(IdempotencyKey.key == "erased")).one()
    assert (row.answer, row.data_key) == (b"", b"")


def test_waiting_request_keeps_its_key_busy_and_then_replays_what_it_answered(client, picture):
    def wait_for_it():
        return client.post(
            "/v1/jobs",
            files={"image": ("card.png", picture)},
            data={"document": "mrz"},
            headers={"Idempotency-Key": "waits", "Prefer": "wait=20"},
        )

    with ThreadPoolExecutor() as pool:
        first = pool.submit(wait_for_it)
        until = time.monotonic() + 10
        while not client.get("/v1/jobs").json()["items"] and time.monotonic() < until:
            time.sleep(0.05)
        busy = wait_for_it()
        assert (busy.status_code, busy.json()["code"]) == (409, "idempotency-key-busy")
        assert int(busy.headers["retry-after"]) >= 1
        end(client.get("/v1/jobs").json()["items"][0]["id"])
        answer = first.result(20)
    assert (answer.status_code, answer.json()["status"]) == (200, "RECEIVED")
    again = wait_for_it()
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")


# --- a real server, in a process of its own -------------------------------------------------------------------------

#: The application, with one thing added: it kills itself between making and answering when a header asks for it.
MORTAL = """
import os, signal
from api.main import create_app as real

class Mortal:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        dies = scope["type"] == "http" and any(name == b"x-die" for name, _ in scope["headers"])
        async def send_or_die(message):
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)
        await self.app(scope, receive, send_or_die)

def create_app():
    return Mortal(real())
"""


class Server:
    def __init__(self, folder, environment):
        (folder / "mortal_api.py").write_text(MORTAL)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, **environment, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        self.process = None

    def start(self):
        command = [
            "-m",
            "uvicorn",
            "--factory",
            "mortal_api:create_app",
            "--port",
            str(self.port),
            "--log-level",
            "error",
        ]
        self.process = subprocess.Popen([sys.executable, *command], env=self.environment, cwd=ROOT)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx2.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the API did not start")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture
def server(settings_env, tmp_path):
    one = Server(tmp_path, settings_env)
    one.start()
    yield one
    one.stop()


def test_kill_between_making_and_answering_makes_one_job_and_the_replay_is_identical(server, picture, new_key):
    before = count(ReadingSession)
    headers = {"Authorization": f"Bearer {new_key()}", "Idempotency-Key": "killed"}

    def post(**more):
        return httpx2.post(
            f"{server.url}/v1/jobs",
            files={"image": ("card.png", picture)},
            data={"document": "mrz"},
            headers={**headers, **more},
            timeout=30,
            trust_env=False,
        )

    with pytest.raises(httpx2.TransportError):
        post(**{"X-Die": "now"})
    assert server.process.wait(10) == -signal.SIGKILL
    assert count(ReadingSession) == before + 1
    server.start()
    first = post()
    second = post()
    assert first.status_code == 202
    assert first.headers["idempotency-replayed"] == second.headers["idempotency-replayed"] == "true"
    assert first.content == second.content
    polled = httpx2.get(f"{server.url}{first.headers['location']}", headers=headers, timeout=30, trust_env=False).json()
    assert {**polled, "queue": None} == {**first.json(), "queue": None}
    server.process.kill()
    server.process.wait(10)
    server.start()
    assert post().content == first.content
    assert count(ReadingSession) == before + 1


def test_fifty_parallel_requests_with_one_key_make_one_session(server, picture, new_key):
    before = count(ReadingSession)
    headers = {"Authorization": f"Bearer {new_key()}", "Idempotency-Key": "fifty"}
    start = threading.Barrier(50)

    def post(_):
        with httpx2.Client(timeout=60, trust_env=False) as http:
            start.wait()
            return http.post(
                f"{server.url}/v1/jobs",
                files={"image": ("card.png", picture)},
                data={"document": "mrz"},
                headers=headers,
            )

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert count(ReadingSession) == before + 1
    taken = [answer for answer in answers if answer.status_code == 202]
    busy = [answer for answer in answers if answer.status_code == 409]
    assert len(taken) + len(busy) == 50
    assert len({answer.content for answer in taken}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in taken) == 1
    assert all(json.loads(answer.content)["code"] == "idempotency-key-busy" for answer in busy)
    blobs = {path.name for path in Path(server.environment["IDMILL_BLOBS"]).rglob("*") if path.is_file()}
    with transaction() as db:
        assert blobs <= {str(job_id) for job_id in db.scalars(select(Job.id))}  # nobody's picture is left over
