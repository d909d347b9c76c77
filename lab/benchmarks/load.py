"""200 uploads of about 300 KB from 8 clients against the whole machine, beside the same readings without a service.

    python -m lab.benchmarks.load [--uploads N] [--clients N]

Starts the embedded stack as `idmill up` does, in a temporary directory. Every upload that was answered 202 must end
RECEIVED or FAILED, and none twice. In the same run the same pictures are read by a bare process pool of as many
processes as there are workers: what is between the two is what the service costs.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from PIL import Image

from cli import machine
from lab.benchmarks.grown_database import machine as words_of_this_machine
from lab.specimens import draw

UPLOADS, CLIENTS, PICTURES = 200, 8, 20
PICTURE_BYTES = 300_000
WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
KINDS = (("td3", "phone"), ("td1", "phone"), ("td3", "clean"), ("td2", "phone"))


@dataclass(frozen=True, slots=True)
class Upload:
    """What one client saw of one upload."""

    status: int
    seconds: float
    job_id: str


def main() -> int:
    """Prints the figures; the exit code says whether every upload ended, once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=UPLOADS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    report = measure(uploads=arguments.uploads, clients=arguments.clients)
    print(json.dumps(report, indent=1) if arguments.json else _words(report))
    return 0 if report["is_whole"] else 1


def measure(*, uploads: int, clients: int) -> dict[str, Any]:
    """The figures of one run."""
    pictures = [sized(draw.specimen(*KINDS[seed % len(KINDS)], seed).picture) for seed in range(PICTURES)]
    bare = _bare(pictures, uploads)
    with tempfile.TemporaryDirectory(prefix="idmill-load-") as directory:
        options = machine.Options(var=Path(directory), workers=WORKERS, log_level="WARNING")
        with machine.running(options, step=lambda _: None, warn=lambda _: None) as whole:
            key = whole.access["IDMILL_API_KEY"]
            began = time.perf_counter()
            with ThreadPoolExecutor(clients) as threads:
                seen = list(threads.map(lambda n: _upload(whole.url, key, pictures[n % PICTURES]), range(uploads)))
            ended = _wait_until_ended(len({one.job_id for one in seen if one.status == 202}))
            seconds = time.perf_counter() - began
    accepts = sorted(one.seconds for one in seen if one.status == 202)
    jobs = {one.job_id for one in seen if one.status == 202}
    return {
        "machine": words_of_this_machine(),
        "uploads": uploads,
        "clients": clients,
        "workers": WORKERS,
        "picture_bytes_p50": int(statistics.median(map(len, pictures))),
        "answers": {str(status): sum(one.status == status for one in seen) for status in {one.status for one in seen}},
        "accept_p50_ms": round(1000 * statistics.median(accepts), 1),
        "accept_p99_ms": round(1000 * accepts[int(0.99 * (len(accepts) - 1))], 1),
        "jobs_per_second": round(len(jobs) / seconds, 2),
        "bare_pool_per_second": round(bare, 2),
        "share_of_bare_pool": round(len(jobs) / seconds / bare, 3),
        **ended,
        "is_whole": len(jobs) == ended["received"] + ended["failed"] == ended["terminal_events"] == len(accepts),
    }


def _words(report: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' '):24} {value}" for name, value in report.items())


def sized(picture: bytes) -> bytes:
    """The picture at about 300 KB, as a phone would send it; bytes behind the end of a JPEG are not looked at."""
    with Image.open(io.BytesIO(picture)) as image:
        stream = io.BytesIO()
        image.convert("RGB").save(stream, "JPEG", quality=92)
    content = stream.getvalue() if len(stream.getvalue()) < PICTURE_BYTES else picture
    return content + bytes(max(0, PICTURE_BYTES - len(content)))


def _upload(url: str, key: str, picture: bytes) -> Upload:
    started = time.perf_counter()
    answer = httpx2.post(
        f"{url}/v1/jobs",
        files={"image": ("picture.jpg", picture)},
        data={"document": "mrz"},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    seconds = time.perf_counter() - started
    return Upload(answer.status_code, seconds, answer.json()["id"] if answer.status_code == 202 else "")


def _wait_until_ended(accepted: int) -> dict[str, int]:
    """Counts in Postgres once nothing is open any more."""
    database = os.environ["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    statement = (
        "SELECT count(*) FILTER (WHERE state IN ('queued', 'reading')), count(*) FILTER (WHERE state = 'received'),"
        " count(*) FILTER (WHERE state = 'failed'), max(claims),"
        " (SELECT count(*) FROM events WHERE type IN ('job.received', 'job.failed')) FROM jobs"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        while True:
            row = connection.execute(statement).fetchone()
            assert row is not None  # noqa: S101 - a count is always one row
            still_open, received, failed, claims, events = row
            if still_open == 0 and received + failed >= accepted:
                return {"received": received, "failed": failed, "most_claims": claims, "terminal_events": events}
            time.sleep(0.05)


def _bare(pictures: list[bytes], readings: int) -> float:
    """Readings a second of a process pool that does nothing else; its start is not counted."""
    fresh = multiprocessing.get_context("spawn")  # OpenCV's threads do not survive a fork
    with ProcessPoolExecutor(WORKERS, mp_context=fresh, initializer=_warm_up) as pool:
        list(pool.map(_read, pictures[: 2 * WORKERS]))
        began = time.perf_counter()
        list(pool.map(_read, [pictures[number % len(pictures)] for number in range(readings)]))
        return readings / (time.perf_counter() - began)


def _warm_up() -> None:
    import cv2  # noqa: PLC0415 - in the pool's processes alone

    from worker.reading.engines import named  # noqa: PLC0415

    cv2.setNumThreads(1)
    named.engine("ocrb")


def _read(picture: bytes) -> bool:
    from core.documents import DocumentKind  # noqa: PLC0415
    from worker.reading import read  # noqa: PLC0415

    return read.read(picture, document=DocumentKind.MRZ, options=read.ReadingOptions()).is_read


if __name__ == "__main__":
    sys.exit(main())
