"""Two hundred hostile files through a real API and a real worker: none is a fault, none ends a worker."""

from __future__ import annotations

import time

import httpx2
import psutil
import pytest
from sqlalchemy import select

from core.db.tables import Job
from core.states import OPEN, JobState
from core.transaction import transaction
from lab.specimens.draw import specimen
from tests.fuzz import files
from worker import sweeper

ROUNDS = 4  #: of 61 kinds; `python -m tests.fuzz files --rounds 100` tries more


@pytest.mark.timeout(600)
def test_hostile_files_are_refused_or_fail_with_a_reason_and_the_next_good_one_is_read(url, key, worker):
    children = {child.pid for child in psutil.Process(worker.pid).children()}
    report = files.throw(url, key, files.hostile(seed=1, rounds=ROUNDS))
    assert report.faults == {}
    assert report.sent >= 200
    assert len(report.accepted) > 100
    good = files.upload(httpx2.Client(base_url=url, timeout=60), key, specimen("td3", "clean", 7).picture).json()["id"]
    rows = ended([*report.accepted, good])
    assert rows.pop(good).state == JobState.RECEIVED
    hurt = {report.accepted[one]: row.trouble for one, row in rows.items() if row.crashes or row.trouble}
    assert {name.partition("-")[0] for name in hurt} <= files.EXHAUSTING, hurt
    assert set(hurt.values()) <= {"crash", "oom", "timeout"}
    assert {row.state for row in rows.values()} == {JobState.FAILED}
    assert all(row.failure["reason"] and len(row.failure["detail"]) > 10 for row in rows.values())
    assert {child.pid for child in psutil.Process(worker.pid).children()} == children


def ended(job_ids: list[str]) -> dict[str, Job]:
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        sweeper.sweep()  # a busy machine loses messages
        with transaction() as db:
            rows = {str(row.id): row for row in db.scalars(select(Job).where(Job.id.in_(job_ids)))}
        if not any(row.state in OPEN for row in rows.values()):
            return rows
        time.sleep(0.5)
    raise AssertionError(f"still open: {[row.state for row in rows.values()].count('queued')}")
