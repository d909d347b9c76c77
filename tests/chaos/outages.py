"""Single outages of a running idmill, and what must hold in each; every function gives its measurements."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from tests.chaos.world import World
from tests.worker.reader import misbehaving

FINISH_SECONDS = 60.0  # the bound
SLACK_SECONDS = 2.0  # the bound
ACCEPT_SECONDS = 2.5
OPEN = "SELECT count(*) FROM jobs WHERE id = ANY(%s::uuid[]) AND finished_at IS NULL"


def populate(world: World) -> None:
    """One API, one worker with two children, one sweeper."""
    world.add_sweeper()
    world.add_worker()
    world.add_api()


def upload(world: World, key: str, **wanted: Any) -> httpx2.Response:
    """One upload that makes the reader do as it says."""
    return httpx2.post(
        f"{world.url(0)}/v1/jobs",
        files={"image": ("picture.jpg", misbehaving.picture(**wanted))},
        data={"document": "mrz"},
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())},
        timeout=30,
    )


def accepted(world: World, key: str, **wanted: Any) -> str:
    """The id of an upload that must be taken."""
    answer = upload(world, key, **wanted)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def seconds_until_ended(world: World, ids: list[str], *, most: float) -> float:
    """How long it takes until all have an outcome; infinite when it takes too long."""
    started = time.monotonic()
    while time.monotonic() - started < most:
        [(still_open,)] = world.patient_sql(OPEN, ids)
        if still_open == 0:
            return time.monotonic() - started
        time.sleep(0.1)
    return float("inf")


def frozen(world: World, *, seconds: float) -> dict[str, Any]:
    """Valkey takes connections and answers nothing, while four clients upload."""
    key, taken, refused = world.new_key(), [], []
    ids: list[str] = []
    thaw = time.monotonic() + seconds
    world.valkey.signal(signal.SIGSTOP)

    def client(_: int) -> None:
        while time.monotonic() < thaw:
            started = time.monotonic()
            answer = upload(world, key)
            (taken if answer.status_code == 202 else refused).append(time.monotonic() - started)
            if answer.status_code == 202:
                ids.append(answer.json()["id"])
            time.sleep(0.3)

    try:
        with ThreadPoolExecutor(4) as clients:
            list(clients.map(client, range(4)))
    finally:
        world.valkey.signal(signal.SIGCONT)
    finished = seconds_until_ended(world, ids, most=2 * FINISH_SECONDS)
    taken.sort()
    return {
        "frozen_seconds": seconds,
        "taken_while_frozen": len(taken),
        "refused_while_frozen": len(refused),
        "accept_p99_seconds": round(taken[int(0.99 * (len(taken) - 1))], 3),
        "finished_after_thaw_seconds": round(finished, 1),
        "held": {"uploads are taken while Valkey is frozen": bool(taken) and not refused, "and read": finished < 60},
    }


def flushed(world: World, *, uploads: int) -> dict[str, Any]:
    """Every message is gone in the middle of the load."""
    key = world.new_key()
    flush = threading.Timer(1.0, world.redis().flushall)
    flush.start()
    with ThreadPoolExecutor(4) as clients:
        ids = list(clients.map(lambda _: accepted(world, key, seconds=0.05), range(uploads)))
    flush.join()
    world.redis().flushall()
    finished = seconds_until_ended(world, ids, most=2 * FINISH_SECONDS)
    return {
        "uploads_around_flush": uploads,
        "finished_after_flush_seconds": round(finished, 1),
        "held": {"all finish within 60 s of FLUSHALL": finished <= FINISH_SECONDS},
    }


def misbehaving_readers(world: World) -> dict[str, Any]:
    """Readers that hang, allocate and crash: how long each lives on, and whether its Celery child notices."""
    deadline = float(world.env["IDMILL_READ_SECONDS"])
    key = world.new_key()
    seconds_until_ended(world, [accepted(world, key)], most=FINISH_SECONDS)
    children = {child.pid for child in world.workers[0].process.children()}
    seconds, good = {}, []
    for misdeed in ("hang", "spin", "allocate", "crash"):
        seconds[misdeed] = _life_of_a_reader(world, key, misdeed)
        good.append(seconds_until_ended(world, [accepted(world, key)], most=FINISH_SECONDS))
    return {
        "deadline_seconds": deadline,
        "reader_gone_after_seconds": {name: round(lived, 2) for name, lived in seconds.items()},
        "next_good_one_seconds": [round(one, 2) for one in good],
        "held": {
            "gone by the deadline and 2 s": max(seconds.values()) <= deadline + SLACK_SECONDS,
            "the same Celery children": {child.pid for child in world.workers[0].process.children()} == children,
            "the next one is read": max(good) < FINISH_SECONDS,
        },
    }


def _life_of_a_reader(world: World, key: str, misdeed: str) -> float:
    """Seconds from the claim of a job until its worker has noted that the reader is dead; then the job is erased."""
    job_id = accepted(world, key, then=misdeed)
    started, give_up_at = None, time.monotonic() + FINISH_SECONDS
    while time.monotonic() < give_up_at:
        [(claims, crashes)] = world.patient_sql("SELECT claims, crashes FROM jobs WHERE id = %s", job_id)
        if claims and started is None:
            started = time.monotonic()
        if crashes:
            break
        time.sleep(0.02)
    lived = time.monotonic() - (started or 0.0)
    httpx2.delete(f"{world.url(0)}/v1/jobs/{job_id}", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    return lived


def restarts(
    world: World, *, rounds: int, times: int, seconds: float, say: Callable[[str], object] = lambda _: None
) -> dict[str, Any]:
    """Valkey restarted so many times in so many seconds; then uploads must be read without anybody's help."""
    key, resumed = world.new_key(), []
    began_with = [worker.starts for worker in world.workers]
    for number in range(rounds):
        for _ in range(times):
            world.valkey.kill()
            time.sleep(seconds / times)
        while not world.queue.answers():
            time.sleep(0.1)
        ids = [accepted(world, key, seconds=0.05) for _ in range(5)]
        resumed.append(seconds_until_ended(world, ids, most=FINISH_SECONDS))
        say(f"round {number + 1} of {rounds}: read again after {resumed[-1]:.1f} s")
    return {
        "rounds": rounds,
        "restarts_each": times,
        "resumed_seconds": [round(one, 1) for one in resumed],
        "worker_starts": sum(worker.starts for worker in world.workers) - sum(began_with),
        "held": {"consumption resumes by itself": all(one < FINISH_SECONDS for one in resumed)},
    }
