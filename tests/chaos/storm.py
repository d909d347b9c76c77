"""One round of chaos: load, a fault every few seconds, then the ledger is held against Postgres."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos import faults, world
from tests.chaos.clients import Client, Ledger
from tests.chaos.world import World

CLIENTS = 4
PAUSE = 0.5  #: seconds between two uploads of one client
POISON = 0.012  #: share of pictures that kill every reader
FAULT_EVERY = (2.0, 6.0)
DRAIN_SECONDS = 60.0  # the bound
MOST_DRAIN_SECONDS = 240.0  #: when counting begins whatever is left
ACCEPT_P99_SECONDS = 2.5  # the bound
MAX_CLAIMS = 5
ENDED = "SELECT count(*) FROM jobs WHERE id = ANY(%s::uuid[]) AND finished_at IS NOT NULL"


def run(directory: Path, *, seconds: float, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The report of one round; `held` says which promises were kept."""
    with world.running(directory) as hurt:
        for _ in range(2):
            hurt.add_sweeper()
            hurt.add_worker()
            hurt.add_api()
        say(f"seed {seed}: {len(hurt.members)} processes run")
        ledger, done = Ledger(), Counter[str]()
        _hurt(hurt, ledger, done, seconds=seconds, seed=seed, say=say)
        drain = _drain(hurt, ledger)
        say(f"seed {seed}: drained after {drain:.1f} s")
        return _judge(hurt, ledger, done, drain, seconds=seconds, seed=seed)


def _hurt(
    hurt: World, ledger: Ledger, done: Counter[str], *, seconds: float, seed: int, say: Callable[[str], None]
) -> None:
    chance, stop = random.Random(seed), threading.Event()
    keys = [hurt.new_key(f"Specimen {number}") for number in range(2)]
    clients = [
        Client(hurt, keys[number % 2], ledger, stop, seed=f"{seed}/{number}", pause=PAUSE, poison=POISON)
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        for fault in _plan(chance, seconds):
            say(f"seed {seed}: {fault.__name__}")
            fault(hurt, chance)
            done[fault.__name__] += 1
    finally:
        stop.set()
        for client in clients:
            client.join()


def _plan(chance: random.Random, seconds: float) -> Any:
    """Faults until the time is over, in rounds of all of them shuffled; the first freeze of a worker comes early."""
    until = time.monotonic() + seconds
    waiting = [faults.stop_worker_past_its_lease]
    while True:
        time.sleep(chance.uniform(*FAULT_EVERY))
        if time.monotonic() >= until:
            return
        if not waiting:
            waiting = list(faults.ALL)
            chance.shuffle(waiting)
        yield waiting.pop()


def _drain(hurt: World, ledger: Ledger) -> float:
    """Seconds until every accepted upload has an outcome."""
    started = time.monotonic()
    ids = [one.job_id for one in ledger.accepted]
    while time.monotonic() - started < MOST_DRAIN_SECONDS:
        [(ended,)] = hurt.patient_sql(ENDED, ids)
        if ended == len(set(ids)):
            break
        time.sleep(0.25)
    return time.monotonic() - started


def _judge(
    hurt: World, ledger: Ledger, done: Counter[str], drain: float, *, seconds: float, seed: int
) -> dict[str, Any]:
    ids = [one.job_id for one in ledger.accepted]
    poison = [one.job_id for one in ledger.accepted if one.poison]
    rows = {
        str(job_id): (state, claims, reason, kept)
        for job_id, state, claims, reason, kept in hurt.patient_sql(
            "SELECT id, state, claims, failure->>'reason', picture_key IS NOT NULL FROM jobs"
        )
    }
    counted = {
        "lost": sum(rows.get(job_id, ("none",))[0] not in {"received", "failed"} for job_id in ids),
        "accepted_twice": len(ids) - len(set(ids)),
        "jobs_nobody_was_told_of_that_are_open": sum(row[0] in {"queued", "reading"} for row in rows.values()),
        "wrong_number_of_terminal_events": _one(
            hurt,
            "SELECT count(*) FROM (SELECT j.id FROM jobs j LEFT JOIN events e ON e.job_id = j.id AND e.type IN"
            " ('job.received', 'job.failed') WHERE j.finished_at IS NOT NULL GROUP BY j.id HAVING count(e.id) <> 1) x",
        ),
        "gaps_in_event_numbers": _one(
            hurt,
            "SELECT count(*) FROM (SELECT organization_id FROM events GROUP BY organization_id"
            " HAVING count(*) <> max(sequence) OR min(sequence) <> 1) x",
        ),
        "double_usage_debits": abs(
            _one(hurt, "SELECT count(*) FROM usage_records")
            - _one(hurt, "SELECT count(*) FROM jobs WHERE state = 'received'")
        )
        + abs(
            _one(hurt, "SELECT sum(used) FROM subscriptions")
            - _one(hurt, "SELECT count(*) FROM jobs WHERE state IN ('received', 'queued', 'reading')")
        ),
        "poison": len(poison),
        "poison_ended_wrongly": sum(rows[one] != ("failed", MAX_CLAIMS, "reader_failed", True) for one in poison),
        "good_ones_failed": sum(rows[one][0] == "failed" for one in set(ids) - set(poison) if one in rows),
        "most_claims_of_a_good_one": max((rows[one][1] for one in set(ids) - set(poison) if one in rows), default=0),
        "fenced": _one(hurt, "SELECT count(*) FROM fencings"),
        "fenced_logged": hurt.logged("job.fenced"),
        "lease_lost": hurt.logged("job.lease_lost"),
        "never_accepted": len(ledger.unfinished),
        "without_retry_after": ledger.without_retry_after,
    }
    answers, accepts = sorted(ledger.seconds), sorted(ledger.accept_seconds)
    p99 = answers[int(0.99 * (len(answers) - 1))] if answers else float("inf")
    return {
        "seed": seed,
        "seconds": seconds,
        "machine": f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        "faults": dict(done),
        "accepted": len(ids),
        "answers": ledger.answers,
        **counted,
        "drain_seconds": round(drain, 1),
        "answer_p99_seconds": round(p99, 3),
        "accept_p50_seconds": round(statistics.median(accepts), 3) if accepts else None,
        "accept_p99_seconds": round(accepts[int(0.99 * (len(accepts) - 1))], 3) if accepts else None,
        "starts": {kind: sum(one.starts for one in getattr(hurt, kind)) for kind in ("apis", "workers", "sweepers")},
        "held": {
            "nothing lost": counted["lost"] == 0 and counted["jobs_nobody_was_told_of_that_are_open"] == 0,
            "nothing accepted twice": counted["accepted_twice"] == 0,
            "one terminal event each": counted["wrong_number_of_terminal_events"] == 0,
            "event numbers without gaps": counted["gaps_in_event_numbers"] == 0,
            "one debit for each reading": counted["double_usage_debits"] == 0,
            "poison fails at the limit, its picture kept": counted["poison_ended_wrongly"] == 0,
            "good pictures are read": counted["good_ones_failed"] == 0,
            "a stopped worker was fenced": counted["fenced"] >= 1,
            "drained within 60 s": drain <= DRAIN_SECONDS,
            "accept p99 below 2.5 s": p99 < ACCEPT_P99_SECONDS,
            "refusals say when to come back": counted["without_retry_after"] == 0,
        },
    }


def _one(hurt: World, statement: str) -> int:
    [(value,)] = hurt.patient_sql(statement)
    return int(value or 0)  # type: ignore[call-overload]
