"""A whole idmill of real processes loses one thing at a time and goes on by itself."""

from __future__ import annotations

import os
import signal
import time

import httpx2
import psutil
import pytest

from tests.chaos import outages, world
from tests.chaos.outages import accepted, seconds_until_ended

pytestmark = pytest.mark.timeout(400)

READ_SECONDS = float(world.QUICK["IDMILL_READ_SECONDS"])


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("mill"), is_durable=False) as one:
        outages.populate(one)
        yield one


@pytest.fixture(scope="module")
def key(mill):
    return mill.new_key()


def state_of(mill, job_id):
    [row] = mill.patient_sql("SELECT state, claims, crashes, trouble FROM jobs WHERE id = %s", job_id)
    return row


def wait_for(condition, *, most):
    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def children_of(mill):
    return {child.pid for child in mill.workers[0].process.children()}


def readers_of(mill):
    return {reader.pid for child in mill.workers[0].process.children() for reader in child.children()}


def test_misbehaving_readers_are_replaced_under_the_same_celery_children(mill, key):
    seconds_until_ended(mill, [accepted(mill, key)], most=60)
    before = children_of(mill)
    bad = [accepted(mill, key, then=then) for then in ("hang", "allocate", "crash")]
    for job_id in bad:
        wait_for(lambda job_id=job_id: state_of(mill, job_id)[2] >= 1, most=30)
    good = [accepted(mill, key) for _ in range(5)]
    assert seconds_until_ended(mill, good, most=60) < 60
    assert children_of(mill) == before
    assert seconds_until_ended(mill, bad, most=120) < 120
    assert {state_of(mill, job_id)[:3] for job_id in bad} == {("failed", 5, 5)}
    assert {state_of(mill, job_id)[3] for job_id in bad} == {"timeout", "oom", "crash"}
    assert children_of(mill) == before


def test_hanging_reader_is_gone_by_its_deadline(mill, key):
    seconds_until_ended(mill, [accepted(mill, key)], most=60)
    before = readers_of(mill)
    job_id = accepted(mill, key, then="hang")
    wait_for(lambda: state_of(mill, job_id)[0] == "reading", most=30)
    started = time.monotonic()
    wait_for(lambda: before - readers_of(mill), most=READ_SECONDS + 2)
    assert time.monotonic() - started < READ_SECONDS + 2
    assert not all(psutil.pid_exists(pid) for pid in before)
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx2.delete(f"{mill.url(0)}/v1/jobs/{job_id}", headers=headers).status_code == 204


def test_uploads_are_taken_and_read_although_valkey_was_frozen(mill):
    measured = outages.frozen(mill, seconds=6)
    assert all(measured["held"].values()), measured


def test_flushed_queue_is_filled_again_from_the_rows(mill):
    measured = outages.flushed(mill, uploads=30)
    assert all(measured["held"].values()), measured


def test_worker_resumes_after_rapid_restarts_of_valkey(mill):
    measured = outages.restarts(mill, rounds=1, times=4, seconds=6.0)
    assert all(measured["held"].values()), measured


def test_worker_that_was_told_to_end_hands_over_what_it_reads(mill, key):
    job_id = accepted(mill, key, seconds=2.5)
    wait_for(lambda: state_of(mill, job_id)[0] == "reading", most=60)
    for child in children_of(mill):
        os.kill(child, signal.SIGUSR2)  # as the worker itself does when the soft shutdown has lasted long enough
    wait_for(lambda: state_of(mill, job_id)[3] == "handed_over", most=5)
    assert state_of(mill, job_id)[1] in {0, 1}  # the claim of the one that left is not counted
    mill.workers[0].kill()
    assert seconds_until_ended(mill, [job_id], most=90) < 90
    assert state_of(mill, job_id)[0] == "received"


def test_sigterm_lets_a_running_job_end(mill, key):
    seconds_until_ended(mill, [accepted(mill, key)], most=90)
    job_id = accepted(mill, key, seconds=2.0)
    wait_for(lambda: state_of(mill, job_id)[0] == "reading", most=60)
    started_before = mill.workers[0].starts
    mill.workers[0].signal(signal.SIGTERM)
    wait_for(lambda: mill.workers[0].starts > started_before, most=40)
    assert state_of(mill, job_id)[:2] == ("received", 1)
