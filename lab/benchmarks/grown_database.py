"""Does the queue slow down as the tables grow: claim, accept and poll beside 100,000 ended and 20,000 waiting jobs.

    python -m lab.benchmarks.grown_database

Starts one Postgres of its own with two databases, an empty and a grown one, and a process for each. They take turns,
25 rounds at a time, so that whatever else this machine does slows both alike. A round accepts an upload (a stored
picture, one transaction), polls it as the API does, claims the job whose turn it is and ends one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli import children, own_secrets, processes
from cli.embedded import postgres

ENDED, WAITING, ORGANIZATIONS = 100_000, 20_000, 20
TURNS, ROUNDS, WARM_UP = 16, 25, 2
MOST_RATIO = 1.3  # issue: claim, accept and poll p50 stay within 1.3x of the empty database

_GROW = """
    INSERT INTO sessions (id, organization_id, document, status, attempts, created_at, finished_at)
    SELECT {id}, o.id, 'mrz', CASE WHEN i <= {ended} THEN 'RECEIVED' ELSE 'CREATED' END, 1, {at}, {end}
    FROM generate_series(1, {all}) AS i JOIN {organizations} AS o ON o.number = mod(i, {count});
    INSERT INTO jobs (id, organization_id, session_id, subscription_id, attempt, document, technology, state, stage,
                      picture_key, picture_bytes, picture_sha256, media_type, key_id, data_key, result, claims,
                      next_attempt_at, sent_at, created_at, claimed_at, finished_at)
    SELECT {id}, o.id, {id}, o.subscription, 1, 'mrz', 'mrz',
           CASE WHEN i <= {ended} THEN 'received' ELSE 'queued' END,
           CASE WHEN i <= {ended} THEN 'done' ELSE 'queued' END,
           CASE WHEN i > {ended} THEN 'ab/' || i END, 300000, '\\x00', 'image/jpeg', 'k1', '\\x00',
           CASE WHEN i <= {ended} THEN convert_to(repeat(md5(i::text), 100), 'UTF8') END,
           CASE WHEN i <= {ended} THEN 1 ELSE 0 END, {at}, {at}, {at}, {end}, {end}
    FROM generate_series(1, {all}) AS i JOIN {organizations} AS o ON o.number = mod(i, {count});
    INSERT INTO usage_records (job_id, organization_id, session_id, subscription_id, technology, at)
    SELECT id, organization_id, session_id, subscription_id, technology, finished_at FROM jobs WHERE state = 'received';
    INSERT INTO events (id, organization_id, sequence, type, job_id, session_id, status, at)
    SELECT id, organization_id, 1000000 + row_number() OVER (ORDER BY id), 'job.received', id, session_id, 'RECEIVED',
           finished_at FROM jobs WHERE state = 'received';
    UPDATE organizations SET event_sequence = 2000000;
    VACUUM ANALYZE;
"""


def main() -> int:
    """Prints the medians and their ratios; the exit code says whether all are within the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--rounds-of", choices=["empty", "grown"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds_of:
        return _serve()
    report = measure()
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        print(f"{ENDED:,} ended and {WAITING:,} waiting jobs, on {report['machine']}")
        for step, row in report["steps"].items():
            print(
                f"  {step:7} p50 {row['empty_ms']:6.2f} ms empty {row['grown_ms']:6.2f} ms grown  x {row['ratio']:.2f}"
            )
    return 0 if report["is_within"] else 1


def measure() -> dict[str, Any]:
    """Medians in milliseconds of each step in both databases, and their ratios."""
    seconds: dict[str, dict[str, list[float]]] = {"empty": defaultdict(list), "grown": defaultdict(list)}
    with _two_databases() as environments:
        takers = {name: _start(name, env) for name, env in environments.items()}
        try:
            for turn in range(WARM_UP + TURNS):
                for name, taker in takers.items():
                    for step, values in _ask(taker).items():
                        if turn >= WARM_UP:
                            seconds[name][step] += values
        finally:
            for taker in takers.values():
                taker.kill()
                taker.wait()
    steps = {}
    for step in seconds["empty"]:
        empty, grown = (1000 * statistics.median(seconds[name][step]) for name in ("empty", "grown"))
        steps[step] = {"empty_ms": round(empty, 3), "grown_ms": round(grown, 3), "ratio": round(grown / empty, 3)}
    is_within = all(row["ratio"] <= MOST_RATIO for row in steps.values())
    return {"machine": machine(), "ended": ENDED, "waiting": WAITING, "steps": steps, "is_within": is_within}


def machine() -> str:
    """What this ran on, in words."""
    name = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        os.uname().machine,
    )
    return f"{os.cpu_count()} x {name}, load {os.getloadavg()[0]:.1f}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


@contextmanager
def _two_databases() -> Iterator[dict[str, dict[str, str]]]:
    with tempfile.TemporaryDirectory(prefix="idmill-grown-") as place:
        directory = Path(place)
        secrets = own_secrets.fresh()
        server = postgres.prepare(
            directory,
            superuser_password=secrets.postgres_superuser_password,
            role_password=secrets.postgres_password,
        )
        running = children.start_and_wait(server.child(directory / "log" / "postgres.log"))
        try:
            server.make_role_and_database()
            environments = {}
            for name in ("empty", "grown"):
                with server.connect() as connection:
                    connection.execute(f"create database {name} owner {postgres.ROLE}".encode())
                environments[name] = {
                    **os.environ,
                    **secrets.settings(),
                    "DATABASE_URL": server.url(name),
                    "REDIS_URL": "redis://127.0.0.1:1/0",  # every message is lost: only the rows count here
                    "IDMILL_BLOBS": str(directory / "blobs" / name),
                    "IDMILL_LOG_LEVEL": "CRITICAL",
                }
                command = [sys.executable, "-m", "alembic", "upgrade", "head"]
                subprocess.run(command, cwd=processes.ROOT, env=environments[name], check=True, capture_output=True)
            yield environments
        finally:
            running.stop()
            shutil.rmtree(server.home.directory, ignore_errors=True)


def _start(name: str, env: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lab.benchmarks.grown_database", "--rounds-of", name]
    taker = subprocess.Popen(
        command, cwd=processes.ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    _tell(taker, name)
    return taker


def _tell(taker: subprocess.Popen[str], line: str) -> dict[str, list[float]]:
    assert taker.stdin is not None  # noqa: S101 - both pipes were asked for
    assert taker.stdout is not None  # noqa: S101
    taker.stdin.write(line + "\n")
    taker.stdin.flush()
    answer: dict[str, list[float]] = json.loads(taker.stdout.readline())
    return answer


def _ask(taker: subprocess.Popen[str]) -> dict[str, list[float]]:
    return _tell(taker, "rounds")


def _serve() -> int:
    """The process of one database: prepares it, then takes rounds whenever it is asked."""
    from core import logs  # noqa: PLC0415 - only a child has the settings

    logs.set_up_logs("CRITICAL")  # standard output carries the measurements
    organizations = _prepare(is_grown=sys.stdin.readline().strip() == "grown")
    print("{}", flush=True)
    for number, _ in enumerate(sys.stdin):
        print(json.dumps(_rounds(organizations[number % len(organizations)])), flush=True)
    return 0


def _prepare(*, is_grown: bool) -> list[Any]:
    from sqlalchemy import text  # noqa: PLC0415 - only a child has the settings

    from core import organizations, subscriptions  # noqa: PLC0415
    from core.db import engine  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    made = []
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with transaction() as db:
        for number in range(ORGANIZATIONS):
            organization = organizations.create(db, f"Specimen {number}")
            organization.most_open_jobs = 10 * WAITING
            paid = subscriptions.subscribe(
                db, organization.id, subscriptions.Technology.MRZ, starts_at=yesterday, attempts_per_client=None
            )
            made.append((organization.id, paid.id))
    if is_grown:
        rows = ", ".join(f"({number}, '{one}'::uuid, '{paid}'::uuid)" for number, (one, paid) in enumerate(made))
        age = f"(({ENDED + WAITING} - i) * interval '1 second' + interval '1 hour')"
        start = int((time.time() - 3600) * 1000) - 1000 * (ENDED + WAITING)
        grow = _GROW.format(
            id=f"(lpad(to_hex({start} + i * 1000::bigint), 12, '0') || '7' || lpad(to_hex(i), 19, '8'))::uuid",
            ended=ENDED,
            all=ENDED + WAITING,
            count=ORGANIZATIONS,
            organizations=f"(VALUES {rows})",
            at=f"now() - {age}",
            end=f"CASE WHEN i <= {ENDED} THEN now() - {age} END",
        ).replace("AS o ON", "AS o (number, id, subscription) ON")
        with engine.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(
                text("SELECT set_config('idmill.organization', '*', false)")
            )  # row security: everybody's
            for statement in grow.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    return [organization_id for organization_id, _ in made]


def _rounds(organization_id: Any) -> dict[str, list[float]]:
    from api import backlog  # noqa: PLC0415
    from core import jobs, sealed  # noqa: PLC0415
    from core.documents import DocumentKind, Failure, FailureReason  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    seconds: dict[str, list[float]] = defaultdict(list)

    def timed(step: str, action: Callable[..., Any], *values: Any, **named: Any) -> Any:
        started = time.perf_counter()
        with transaction() as db:
            done = action(db, *values, **named)
        seconds[step].append(time.perf_counter() - started)
        return done

    def poll(db: Any, job: Any) -> Any:
        return backlog.place(db, jobs.get(db, organization_id, job.id))

    blurred = Failure(FailureReason.BLURRED, "Hold the camera still.")
    for _ in range(ROUNDS):
        picture = sealed.store_picture(organization_id, bytes(10_000), "image/jpeg")
        job = timed("accept", jobs.accept, picture, jobs.Request(DocumentKind.MRZ))
        timed("poll", poll, job)
        claimed = timed("claim", jobs.claim_next, served=(), lease=timedelta(minutes=1), max_claims=5)
        timed("end", jobs.fail, claimed, blurred)
    return dict(seconds)


if __name__ == "__main__":
    sys.exit(main())
