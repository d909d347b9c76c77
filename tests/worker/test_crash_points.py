"""The process is killed between any two steps, and everything that was promised still happens, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from cli import children, processes
from cli.embedded import ports
from core import keys, sealed
from core.crash_points import CrashPoint
from core.db.tables import Event, Job, UsageRecord
from core.states import JobState
from core.transaction import transaction
from tests.worker.reader import misbehaving
from worker import sweeper
from worker.run_job import run_next_job

ROOT = Path(__file__).parents[2]
IN_THE_API = (CrashPoint.AFTER_BLOB, CrashPoint.AFTER_COMMIT, CrashPoint.BEFORE_PUBLISH)
IN_THE_WORKER = (
    CrashPoint.AFTER_CLAIM,
    CrashPoint.AFTER_READING,
    CrashPoint.BEFORE_FINISH,
    CrashPoint.AFTER_FINISH,
)
WORK = "from worker import hold; from worker.run_job import run_next_job; run_next_job(); hold.close()"


@pytest.fixture(scope="module")
def env(settings_env):
    return {
        **os.environ,
        **settings_env,
        "IDMILL_TESTING": "1",
        "IDMILL_READER_MODULE": "tests.worker.reader.misbehaving",
        "IDMILL_LEASE_SECONDS": "2",
    }


def start_api(env, log, **more):
    port = ports.free()
    child = processes.api({**env, **more}, log, host="127.0.0.1", port=port)
    return children.start_and_wait(child), f"http://127.0.0.1:{port}/v1/jobs"


@pytest.fixture(scope="module")
def good_api(env, tmp_path_factory):
    running, url = start_api(env, tmp_path_factory.mktemp("api") / "api.log")
    yield url
    running.stop()


def work(env, **more):
    command = [sys.executable, "-c", WORK]
    return subprocess.run(command, cwd=ROOT, env={**env, **more}, timeout=60, check=False).returncode


def work_until_nothing_is_open():
    for _ in range(20):
        with transaction() as db:
            if db.scalar(select(func.count()).where(Job.state.in_(["queued", "reading"]))) == 0:
                return
        sweeper.take_back_lost_leases()
        run_next_job()
        time.sleep(0.3)
    raise AssertionError("something stays open")


def counts(session_id):
    with transaction() as db:
        found = select(Job.id).where(Job.session_id == session_id)
        return (
            db.scalar(select(func.count()).where(Job.session_id == session_id)),
            db.scalar(select(func.count()).where(Event.job_id.in_(found))),
            db.scalar(select(func.count()).where(UsageRecord.job_id.in_(found))),
        )


def upload(url, key, request_key):
    return httpx2.post(
        url,
        files={"image": ("picture.jpg", misbehaving.picture())},
        data={"document": "mrz"},
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": request_key},
        timeout=20,
    )


@pytest.fixture
def key(organization_id):
    with transaction() as db:
        scopes = [keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE]
        return keys.issue(db, organization_id, label="SPECIMEN", scopes=scopes).text


@pytest.mark.parametrize("point", IN_THE_API)
def test_upload_whose_api_was_killed_is_taken_once_when_it_is_sent_again(env, good_api, key, tmp_path, point, quick):
    running, url = start_api(env, tmp_path / "api.log", IDMILL_CRASH_AT=point.value)
    request_key = str(uuid.uuid4())
    try:
        told = upload(url, key, request_key).status_code == 202  # before_publish: another thread, the answer may be out
    except httpx2.HTTPError:
        told = False
    deadline = time.monotonic() + 10
    while running.exit_status() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running.exit_status() == -signal.SIGKILL
    assert not told or point is CrashPoint.BEFORE_PUBLISH
    again = upload(good_api, key, request_key)
    assert again.status_code == 202, again.text
    work_until_nothing_is_open()
    job = again.json()
    assert counts(job["session_id"]) == (1, 1, 1)
    with transaction() as db:
        mine = select(func.count()).where(Job.organization_id == keys.authenticate(db, key).organization_id)
        assert db.scalar(mine) == 1


@pytest.mark.parametrize("point", IN_THE_WORKER)
def test_job_whose_worker_was_killed_ends_once(env, good_api, key, point, quick):
    job = upload(good_api, key, str(uuid.uuid4())).json()
    assert work(env, IDMILL_CRASH_AT=point.value) == -signal.SIGKILL
    with transaction() as db:
        assert db.get(Job, job["id"]).claims == 1
    time.sleep(2.1)  # its lease
    work_until_nothing_is_open()
    sweeper.forget_pictures()
    with transaction() as db:
        ended = db.get(Job, job["id"])
    assert (ended.state, ended.picture_key) == (JobState.RECEIVED, None)
    assert ended.claims == (1 if point is CrashPoint.AFTER_FINISH else 2)
    assert sealed.open_result(ended)["document_type"] == "passport"
    assert counts(job["session_id"]) == (1, 1, 1)


def test_crash_point_does_nothing_where_tests_are_not_allowed(env, good_api, key):
    job = upload(good_api, key, str(uuid.uuid4())).json()
    assert work(env, IDMILL_CRASH_AT=CrashPoint.AFTER_CLAIM.value, IDMILL_TESTING="0", IDMILL_READER_MODULE="") == 0
    with transaction() as db:
        assert db.get(Job, job["id"]).state == JobState.FAILED  # the real reader found no picture in it
