"""How fast clients that wait for a result are woken, and what waiting costs: one API process, 500 long polls.

    python -m lab.benchmarks.waiters

Starts a Postgres, a Valkey and one API process of its own in a temporary directory. Every client holds one connection
and asks `GET /v1/jobs/{id}?wait=25` for a job of its own; a thread ends the jobs as a worker would. The time runs from
the return of the commit to the last byte of the answer at the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psutil

from cli import children, own_secrets, processes
from cli.embedded import ports, postgres, valkey

MOST_WAKE_SECONDS = 0.250
MOST_IDLE_SHARE = 0.05  #: of one core
CALM_SHARE = 0.1  #: of a core: below this in a second, every request has arrived and waits
MOST_SETTLE_SECONDS = 20.0
RESULT = {
    "document_type": "passport",
    "fields": {name: {"value": "SPECIMEN", "confidence": 0.99, "box": None, "source": "mrz"} for name in "abcdefghij"},
    "mrz": None,
    "checks": [{"name": "document_number_check_digit", "verdict": "pass", "fields": ["document_number"]}] * 5,
    "quality": {},
    "image": None,
    "timings_ms": {},
    "engine": "none",
}


@dataclass(frozen=True, slots=True)
class Running:
    """What the clients need to know of the service under test."""

    port: int
    api_pid: int
    api_key: str = field(repr=False)
    organization_id: UUID


@dataclass(slots=True)
class Wakes:
    """When each job was ended and when its client knew, in monotonic seconds."""

    ended: dict[UUID, float] = field(default_factory=dict)
    known: dict[UUID, float] = field(default_factory=dict)

    def milliseconds(self) -> list[float]:
        """From end to knowledge, sorted."""
        return sorted(1000 * (self.known[job_id] - ended) for job_id, ended in self.ended.items())


def main() -> None:
    """Prints the figures; ends with 1 when one is beyond its limit."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--clients", type=int, default=500)
    arguments.add_argument("--rate", type=float, default=50.0, help="jobs that end in a second")
    arguments.add_argument("--idle-seconds", type=float, default=8.0)
    arguments.add_argument("--cycle-seconds", type=float, default=50.0, help="two long polls of every client")
    asked = arguments.parse_args()
    with _service() as running:
        share, steady = asyncio.run(_measure(running, asked.clients, asked.rate, asked.idle_seconds))
        returning, burst = asyncio.run(_measure(running, asked.clients, None, asked.cycle_seconds))
    rows = (
        ("idle CPU of the API process, all waiting", f"{100 * share:.2f} % of a core", share < MOST_IDLE_SHARE),
        (f"wake-up, {asked.rate:g} ends a second", _spread(steady), _p99(steady) < 1000 * MOST_WAKE_SECONDS),
        ("CPU with all coming back every 25 s", f"{100 * returning:.2f} % of a core", None),
        ("wake-up, all in one commit", _spread(burst), None),
    )
    print(f"{asked.clients} clients wait at one API process (load of the machine before: {os.getloadavg()[0]:.1f})")
    for name, told, is_good in rows:
        print(f"  {name:<44}{told:<52}{'' if is_good is None else 'ok' if is_good else 'BEYOND ITS LIMIT'}")
    sys.exit(1 if any(is_good is False for _, _, is_good in rows) else 0)


async def _measure(
    running: Running, clients: int, rate: float | None, idle_seconds: float
) -> tuple[float, list[float]]:
    """The idle share of a core, and the wake-ups. `rate` None ends all jobs in one commit."""
    job_ids = await asyncio.to_thread(_accept, running.organization_id, clients)
    wakes = Wakes()
    waiting = [asyncio.create_task(_wait(running, job_id, wakes)) for job_id in job_ids]
    await _settled(running.api_pid)
    share = await _cpu_share(running.api_pid, idle_seconds)
    ending = threading.Thread(target=_end, args=(job_ids, rate, wakes), daemon=True)
    ending.start()
    await asyncio.wait_for(asyncio.gather(*waiting), 120)
    ending.join()
    return share, wakes.milliseconds()


async def _wait(running: Running, job_id: UUID, wakes: Wakes) -> None:
    """One client: polls until the job has ended, over one connection."""
    reader, writer = await asyncio.open_connection(ports.LOOPBACK, running.port)
    request = (
        f"GET /v1/jobs/{job_id}?wait=25 HTTP/1.1\r\nHost: idmill\r\nAuthorization: Bearer {running.api_key}\r\n\r\n"
    ).encode()
    try:
        while True:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            body = await reader.readexactly(length)
            known = time.monotonic()
            if not head.startswith("http/1.1 200"):
                raise RuntimeError(body.decode())
            if json.loads(body)["status"] != "CREATED":
                wakes.known[job_id] = known
                return
    finally:
        writer.close()


async def _settled(pid: int) -> None:
    until = time.monotonic() + MOST_SETTLE_SECONDS
    while await _cpu_share(pid, 1.0) > CALM_SHARE and time.monotonic() < until:
        pass


async def _cpu_share(pid: int, seconds: float) -> float:
    if not seconds:
        return 0.0
    process = psutil.Process(pid)
    before = process.cpu_times()
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / seconds


def _accept(organization_id: UUID, count: int) -> list[UUID]:
    from core import jobs, sealed  # noqa: PLC0415 - `core` reads its settings from the environment made below
    from core.documents import DocumentKind  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    made = []
    for _ in range(count):
        stored = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            made.append(jobs.accept(db, stored, jobs.Request(DocumentKind.MRZ)).id)
    return made


def _end(job_ids: list[UUID], rate: float | None, wakes: Wakes) -> None:
    from core import jobs  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    lease = timedelta(seconds=120)
    with transaction() as db:
        claimed = [jobs.claim(db, job_id, lease=lease, max_claims=5) for job_id in job_ids]
    groups = [claimed] if rate is None else [[one] for one in claimed]
    started = time.monotonic()
    for place, group in enumerate(groups):
        time.sleep(max(0.0, started + place / (rate or 1.0) - time.monotonic()))
        with transaction() as db:
            for job in group:
                if job is not None:
                    jobs.receive(db, job, RESULT)
        now = time.monotonic()
        wakes.ended.update({job.id: now for job in group if job is not None})


def _p99(sorted_values: list[float]) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(0.99 * len(sorted_values)))]


def _spread(values: list[float]) -> str:
    return f"p50 {values[len(values) // 2]:.0f} ms, p99 {_p99(values):.0f} ms, longest {values[-1]:.0f} ms"


@contextmanager
def _service() -> Iterator[Running]:
    """One API process on a Postgres and a Valkey of its own."""
    var = Path(tempfile.mkdtemp(prefix="idmill-waiters-"))
    secrets = own_secrets.fresh()
    database = postgres.prepare(
        var, superuser_password=secrets.postgres_superuser_password, role_password=secrets.postgres_password
    )
    queue = valkey.prepare(var, password=secrets.valkey_password)
    running: list[children.Running] = []
    try:
        running.append(children.start_and_wait(database.child(var / "log" / "postgres.log")))
        database.make_role_and_database()
        running.append(children.start_and_wait(queue.child(var / "log" / "valkey.log")))
        made = {"DATABASE_URL": database.url(), "REDIS_URL": queue.url(), "IDMILL_BLOBS": str(var / "blobs")}
        os.environ.update({**secrets.settings(), **made, "IDMILL_LOG_LEVEL": "WARNING"})
        subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], cwd=processes.ROOT, check=True)
        organization_id, api_key = _customer()
        port = ports.free()
        api = processes.api(dict(os.environ), var / "log" / "api.log", host=ports.LOOPBACK, port=port)
        running.append(children.start_and_wait(api))
        yield Running(port, running[-1].pid, api_key, organization_id)
    finally:
        for one in reversed(running):
            one.stop()
        shutil.rmtree(database.home.directory, ignore_errors=True)
        shutil.rmtree(var, ignore_errors=True)


def _customer() -> tuple[UUID, str]:
    from core import keys, organizations, subscriptions  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    with transaction() as db:
        organization_id = organizations.create(db, "Specimen Bank").id
        yesterday = datetime.now(UTC) - timedelta(days=1)
        subscriptions.subscribe(
            db, organization_id, subscriptions.Technology.MRZ, starts_at=yesterday, attempts_per_client=None
        )
        key = keys.issue(db, organization_id, label="benchmark", scopes=[keys.Scope.JOBS_READ])
    return organization_id, key.text


if __name__ == "__main__":
    main()
