"""The public client against the real application: submits once whatever happens on the way, waits, verifies."""

from __future__ import annotations

import ast
import json
import threading
from datetime import timedelta
from pathlib import Path

import click.testing
import httpx2
import pytest

from cli import client as public_client
from cli import submit
from cli.client import Client, Refused


@pytest.fixture
def api(settings_env, organization_id, monkeypatch):
    """The real application behind the client's transport, and a key."""
    from starlette.testclient import TestClient

    from api.main import create_app
    from core import keys
    from core.transaction import transaction

    with transaction() as db:
        key = keys.issue(
            db, organization_id, label="SPECIMEN", scopes=[keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE]
        ).text
    with TestClient(create_app()) as inner:
        monkeypatch.setattr(public_client.httpx2, "Client", lambda **how: Through(inner, how["headers"]))
        yield Api(inner, key)


class Api:
    def __init__(self, inner, key):
        self.inner = inner
        self.key = key


FAILURES: list = []  #: what happens to the next requests


class Through:
    """The test client in the place of httpx2's."""

    def __init__(self, inner, headers):
        self.inner, self.headers = inner, headers

    def request(self, method, path, headers=None, **what):
        if FAILURES:
            failure = FAILURES.pop(0)
            if failure == "lost answer":
                self.inner.request(method, path, headers={**self.headers, **(headers or {})}, **what)
                raise httpx2.ReadTimeout("lost")
            raise failure
        return self.inner.request(method, path, headers={**self.headers, **(headers or {})}, **what)

    def close(self):
        return


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    path = tmp_path / "card.png"
    Image.new("RGB", (64, 48), "grey").save(path)
    return path


def end(job_id):
    from core import jobs
    from core.transaction import transaction

    with transaction() as db:
        job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
    result = {"document_type": "passport", "fields": {}, "mrz": None, "checks": [], "quality": {}, "image": None}
    with transaction() as db:
        jobs.receive(db, job, {**result, "timings_ms": {}, "engine": "none"})


def test_submit_and_wait(api, picture):
    with Client("http://api", api.key) as client:
        job = client.submit(picture, document="mrz", metadata={"order": 7})
        assert (job.status, job.is_open, job.document["metadata"]) == ("CREATED", True, {"order": 7})
        threading.Timer(0.5, end, (job.id,)).start()
        ended = client.wait(job.id, seconds=20)
        assert (ended.is_read, ended.result["document_type"]) == (True, "passport")
        assert [event["type"] for event in client.events()] == ["job.received", "session.received"]
        client.erase(job.id)
        with pytest.raises(Refused) as gone:
            client.wait(job.id)
        assert (gone.value.status, gone.value.code) == (410, "erased")


def test_lost_answer_and_broken_connections_still_make_one_job(api, picture):
    slept = []
    with Client("http://api", api.key, sleep=slept.append) as client:
        FAILURES[:] = [httpx2.ConnectError("away"), "lost answer"]
        job = client.submit(picture.read_bytes(), document="mrz")
        assert len(slept) == 2
        listed = api.inner.get("/v1/jobs", headers={"Authorization": f"Bearer {api.key}"}).json()["items"]
        assert [one["id"] for one in listed] == [job.id]


def test_refusal_is_not_tried_again(api, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("only words")
    slept = []
    with Client("http://api", api.key, sleep=slept.append) as client, pytest.raises(Refused) as refused:
        client.submit(words)
    assert (refused.value.code, slept) == ("upload-unsupported", [])


def test_wait_ends_in_time(api, picture):
    with Client("http://api", api.key) as client:
        job = client.submit(picture, document="mrz")
        with pytest.raises(TimeoutError):
            client.wait(job.id, seconds=0.5)


def test_submit_command_prints_a_line_for_each_file(api, picture, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("only words")
    ran = click.testing.CliRunner().invoke(
        submit.command, [str(picture), str(words), "--document", "mrz", "--key", api.key, "--url", "http://api"]
    )
    taken, refused = (json.loads(line) for line in ran.stdout.splitlines())
    assert (taken["status"], ran.exit_code) == ("CREATED", 1)
    assert "JPEG" in refused["error"]


def test_submit_command_waits_for_outcomes(api, picture, monkeypatch):
    submitted = Client.submit

    def submit_and_end_soon(self, *what, **how):
        job = submitted(self, *what, **how)
        threading.Timer(0.3, end, (job.id,)).start()
        return job

    monkeypatch.setattr(Client, "submit", submit_and_end_soon)
    ran = click.testing.CliRunner().invoke(
        submit.command, [str(picture), "--document", "mrz", "--key", api.key, "--url", "http://api", "--wait"]
    )
    assert (json.loads(ran.stdout)["status"], ran.exit_code) == ("RECEIVED", 0)


def test_client_uses_nothing_private():
    tree = ast.parse(Path(public_client.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"core", "api", "worker", "lab", "cli"}
