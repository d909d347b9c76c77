"""The whole way under load: uploads from several clients until every job has ended, beside the same reading bare.

    python -m lab.benchmarks.load

Everything is real: Postgres, Valkey, API, Celery workers, HTTP on loopback. The bare process pool reads the same
pictures with the same reader and as many processes, without HTTP, database or queue: the most there is to be had.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import httpx2
from sqlalchemy import func, select

from cli import machine
from cli.embedded import ports
from core.db.tables import Event
from core.documents import DocumentKind
from core.transaction import transaction
from lab.benchmarks import real
from lab.specimens.draw import specimen
from worker.reading import read

DISTINCT = 20  #: pictures drawn; the uploads take turns
COMMENT_BYTES = 65_000  #: in one JPEG comment segment; its length field holds 65,533 at most
WAIT_SECONDS = 25


@dataclass(frozen=True, slots=True)
class Upload:
    """One answer to an upload: when, how long it took, and the job, None when it was refused."""

    seconds: float
    job_id: str | None


@click.command()
@click.option("--uploads", default=200, show_default=True)
@click.option("--clients", default=8, show_default=True)
@click.option("--kilobytes", default=300, show_default=True, help="Size of one picture.")
@click.option("--workers", default=2, show_default=True, help="Reading processes, here and in the bare pool.")
def main(uploads: int, clients: int, kilobytes: int, workers: int) -> None:
    """Prints how long accepting takes, and how many jobs a second are read beside the same reading bare."""
    pictures = [padded(specimen("td3", "phone", seed).picture, kilobytes * 1000) for seed in range(DISTINCT)]
    todo = [pictures[number % DISTINCT] for number in range(uploads)]
    with running(workers) as (url, key):
        answers, statuses, seconds = through_the_house(url, key, todo, clients)
        twice = ended_twice([answer.job_id for answer in answers if answer.job_id])
    bare_seconds = bare(todo, workers)
    times = sorted(1000 * answer.seconds for answer in answers)
    accepted = sum(answer.job_id is not None for answer in answers)
    print(f"uploads {uploads} of {kilobytes} KB from {clients} clients: accepted {accepted}, ended {dict(statuses)}")
    print(f"ended twice {twice}, never {accepted - statuses.total()}")
    print(f"accept ms: p50 {statistics.median(times):.0f}, p99 {times[int(0.99 * (len(times) - 1))]:.0f}")
    print(f"jobs/s: {uploads / seconds:.1f} through everything, {uploads / bare_seconds:.1f} in a bare process pool")
    print(f"ratio {bare_seconds / seconds:.2f}; uploading clients and API share the processors with {workers} readers")
    print(real.machine())
    sys.exit(twice > 0 or accepted != uploads or statuses.total() != accepted)


def padded(jpeg: bytes, size: int) -> bytes:
    """The same JPEG with comment segments after its first marker, so that it has about `size` bytes."""
    comments = b""
    while len(jpeg) + len(comments) < size:
        length = min(COMMENT_BYTES, size - len(jpeg) - len(comments))
        comments += b"\xff\xfe" + (length + 2).to_bytes(2, "big") + bytes(length)
    return jpeg[:2] + comments + jpeg[2:]


@contextmanager
def running(workers: int) -> Iterator[tuple[str, str]]:
    """A whole idmill in a directory of its own: its address and a key."""
    with tempfile.TemporaryDirectory() as var:
        options = machine.Options(
            var=Path(var), port=ports.free(), flower_port=ports.free(), workers=workers, log_level="WARNING"
        )
        with machine.running(options, step=lambda _: None, warn=lambda text: click.echo(text, err=True)) as everything:
            yield everything.url, everything.access["IDMILL_API_KEY"]


def through_the_house(url: str, key: str, todo: list[bytes], clients: int) -> tuple[list[Upload], Counter[str], float]:
    """Uploads everything, then waits for every end: the answers, the statuses, seconds from first to last."""
    local = threading.local()

    def client() -> httpx2.Client:
        if not hasattr(local, "client"):
            local.client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        found: httpx2.Client = local.client
        return found

    def upload(picture: bytes) -> Upload:
        began = time.monotonic()
        answer = client().post("/v1/jobs", files={"image": ("a.jpg", picture)}, data={"document": "mrz"})
        seconds = time.monotonic() - began
        return Upload(seconds, answer.json()["id"] if answer.status_code == 202 else None)

    def ended(job_id: str) -> str:
        while True:
            job = client().get(f"/v1/jobs/{job_id}", params={"wait": WAIT_SECONDS}).json()
            if job["status"] != "CREATED":
                return str(job["status"])

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(upload, todo))
        statuses = Counter(pool.map(ended, [answer.job_id for answer in answers if answer.job_id]))
    return answers, statuses, time.monotonic() - began


def ended_twice(job_ids: list[str]) -> int:
    """How many jobs have more than one ending event."""
    with transaction() as db:
        counts = select(Event.job_id).where(Event.job_id.in_(job_ids)).group_by(Event.job_id).having(func.count() > 1)
        return len(db.scalars(counts).all())


def bare(todo: list[bytes], workers: int) -> float:
    """Seconds that the same reading takes in a process pool whose readers are warm."""
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(read_one, todo[: 2 * workers]))
        began = time.monotonic()
        list(pool.map(read_one, todo))
        return time.monotonic() - began


def read_one(picture: bytes) -> bool:
    """Reads one picture as a worker does."""
    return read.read(picture, document=DocumentKind.MRZ, options=read.ReadingOptions()).is_read


if __name__ == "__main__":
    main()
