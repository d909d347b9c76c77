"""What a flood of one organization does to another: uploads at ten times the capacity for a minute.

    python -m lab.benchmarks.overload [--seconds N]

Starts the embedded stack as `idmill up` does. First it is measured how many pictures a second are read and how long
one organization waits for its results on the quiet machine, one upload a second. Then another organization uploads at
ten times that pace, as fast as it is answered and without regard for Retry-After, while the first goes on. The flood
may be told 202, 429 and 503 with Retry-After and nothing else; no process may grow.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from cli import machine
from lab.benchmarks import load
from lab.benchmarks.grown_database import machine as words_of_this_machine
from lab.specimens import draw

SECONDS, QUIET_SECONDS = 60.0, 30.0
TIMES = 10  #: the capacity
MOST_OPEN = 100  #: the flooding organization's limit of uploads without an outcome
MOST_GROWTH, MOST_SLOWDOWN = 1.2, 2.0  # the issue's bounds
BOUNDARY = "specimen-boundary"


@dataclass(slots=True)
class Seen:
    """What the clients of one organization saw."""

    answers: Counter[int] = field(default_factory=Counter)
    accept_seconds: list[float] = field(default_factory=list)
    end_seconds: list[float] = field(default_factory=list)  #: from the first byte sent to the result received
    without_retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """Where to send what."""

    host: str
    port: int
    bodies: tuple[bytes, ...] = field(repr=False)

    def post(self, key: str, number: int, seen: Seen) -> str | None:
        """One upload; the job's id when it was taken."""
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        started = time.perf_counter()
        answer, body = self._ask("POST", "/v1/jobs", headers, self.bodies[number % len(self.bodies)])
        seen.answers[answer.status] += 1
        if answer.status == http.HTTPStatus.ACCEPTED:
            seen.accept_seconds.append(time.perf_counter() - started)
            return str(json.loads(body)["id"])
        if answer.status in {429, 503} and not answer.headers["Retry-After"]:
            seen.without_retry_after += 1
        return None

    def post_and_wait(self, key: str, number: int, seen: Seen) -> None:
        """One upload and its result."""
        started = time.perf_counter()
        job_id = self.post(key, number, seen)
        while job_id is not None:
            _, body = self._ask("GET", f"/v1/jobs/{job_id}?wait=20", {"Authorization": f"Bearer {key}"}, None)
            if json.loads(body)["status"] != "CREATED":
                seen.end_seconds.append(time.perf_counter() - started)
                return

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


def main() -> int:
    """Prints the figures; the exit code says whether all bounds held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    report = measure(seconds=arguments.seconds)
    print(json.dumps(report, indent=1))
    return 0 if all(report["held"].values()) else 1


def measure(*, seconds: float) -> dict[str, Any]:
    """The figures of one run."""
    bodies = tuple(_body(draw.specimen(*load.KINDS[seed % 4], seed).picture) for seed in range(load.PICTURES))
    with tempfile.TemporaryDirectory(prefix="idmill-overload-") as directory:
        options = machine.Options(var=Path(directory), workers=load.WORKERS, log_level="WARNING")
        with machine.running(options, step=lambda _: None, warn=lambda _: None) as whole:
            address = urlsplit(whole.url)
            service = Service(address.hostname or "", address.port or 0, bodies)
            calm, flood = _new_key("Specimen Calm", 1000), _new_key("Specimen Flood", MOST_OPEN)
            capacity = _capacity(service, calm)
            quiet, loud, flooded = Seen(), Seen(), Seen()
            _every_second(service, calm, quiet, QUIET_SECONDS)
            with _memory(whole.supervisor.pids()) as samples, _flood(service, flood, flooded, TIMES * capacity):
                _every_second(service, calm, loud, seconds)
    growth = {name: round(_growth(values), 3) for name, values in samples.items()}
    slowdown = {
        "accept": round(_p99(loud.accept_seconds) / _p99(quiet.accept_seconds), 2),
        "result": round(_p99(loud.end_seconds) / _p99(quiet.end_seconds), 2),
    }
    return {
        "machine": words_of_this_machine(),
        "capacity_per_second": round(capacity, 2),
        "flood_answers_per_second": round(flooded.answers.total() / seconds, 1),
        "flood_answers": {str(status): count for status, count in sorted(flooded.answers.items())},
        "calm_answers": {str(status): count for status, count in sorted(loud.answers.items())},
        "quiet": _words(quiet),
        "flooded": _words(loud),
        "slowdown_p99": slowdown,
        "memory_growth": growth,
        "held": {
            "only 202, 429 and 503": set(flooded.answers) | set(loud.answers) <= {202, 429, 503},
            "refusals say when to come back": flooded.without_retry_after == 0,
            "memory is flat": all(value <= MOST_GROWTH for value in growth.values()),
            "another organization waits at most twice as long": max(slowdown.values()) <= MOST_SLOWDOWN,
        },
    }


def _words(seen: Seen) -> dict[str, float]:
    return {
        "accept_p50_ms": round(1000 * statistics.median(seen.accept_seconds), 1),
        "accept_p99_ms": round(1000 * _p99(seen.accept_seconds), 1),
        "result_p50_ms": round(1000 * statistics.median(seen.end_seconds), 1),
        "result_p99_ms": round(1000 * _p99(seen.end_seconds), 1),
    }


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


def _body(picture: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="document"\r\n\r\nmrz\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    )
    return head.encode() + load.sized(picture) + f"\r\n--{BOUNDARY}--\r\n".encode()


def _new_key(name: str, most_open_jobs: int) -> str:
    from core import keys, organizations, subscriptions  # noqa: PLC0415 - its settings are only now there
    from core.transaction import transaction  # noqa: PLC0415

    with transaction() as db:
        organization = organizations.create(db, name)
        organization.most_open_jobs = most_open_jobs
        organization.calls_per_minute = 10_000_000  # here the rows limit, not the calls
        yesterday = datetime.now(UTC) - timedelta(days=1)
        subscriptions.subscribe(
            db, organization.id, subscriptions.Technology.MRZ, starts_at=yesterday, attempts_per_client=None
        )
        scopes = [keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE]
        return keys.issue(db, organization.id, label="overload", scopes=scopes).text


def _capacity(service: Service, key: str) -> float:
    """Results a second when the workers are never idle."""
    seen = Seen()
    with ThreadPoolExecutor(4 * load.WORKERS) as clients:
        list(clients.map(lambda n: service.post_and_wait(key, n, seen), range(4 * load.WORKERS)))
        began, readings = time.perf_counter(), 20 * load.WORKERS
        list(clients.map(lambda n: service.post_and_wait(key, n, seen), range(readings)))
    return readings / (time.perf_counter() - began)


def _every_second(service: Service, key: str, seen: Seen, seconds: float) -> None:
    """One upload a second, whether the one before has its result or not."""
    with ThreadPoolExecutor(32) as clients:
        began = time.monotonic()
        for number in range(int(seconds)):
            time.sleep(max(0.0, began + number - time.monotonic()))
            clients.submit(service.post_and_wait, key, number, seen)


@contextmanager
def _flood(service: Service, key: str, seen: Seen, per_second: float) -> Iterator[None]:
    stop = threading.Event()
    numbers = itertools.count()
    began = time.monotonic()

    def client() -> None:
        while not stop.is_set():
            number = next(numbers)
            stop.wait(max(0.0, began + number / per_second - time.monotonic()))
            service.post(key, number, seen)

    threads = [threading.Thread(target=client) for _ in range(32)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _memory(pids: dict[str, int]) -> Iterator[dict[str, list[int]]]:
    """Resident bytes of each process with all below it, once a second."""
    samples: dict[str, list[int]] = {name: [] for name in pids if name not in {"postgres", "flower"}}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(1.0):
            for name, values in samples.items():
                values.append(_resident(pids[name]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def _resident(pid: int) -> int:
    try:
        whole = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return sum(one.memory_info().rss for one in whole)
    except psutil.NoSuchProcess:
        return 0


def _growth(samples: list[int]) -> float:
    """The end beside the beginning, which is when the flood has been running for a few seconds."""
    third = max(1, len(samples) // 6)
    settle: Callable[[list[int]], float] = statistics.median
    return settle(samples[-third:]) / settle(samples[third : 2 * third])


if __name__ == "__main__":
    sys.exit(main())
