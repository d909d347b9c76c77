"""What biometric.kz's dialect adds to the native reading: both asked in turn, on the same running idmill.

python -m lab.benchmarks.dialects
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import httpx2

from cli import machine
from cli.embedded import ports
from lab.benchmarks import real
from lab.specimens.draw import specimen


@click.command()
@click.option("--calls", default=60, show_default=True, help="Of each of the two.")
def main(calls: int) -> None:
    """Prints the median of both and of the difference within each pair."""
    picture = specimen("td1-kgz", "phone", 7).picture
    native, dialect = [], []
    with running(workers=2) as (url, key), httpx2.Client(base_url=url, timeout=60) as client:
        for number in range(calls + 5):
            pair = ask_natively(client, key, picture), ask_in_the_dialect(client, key, picture)
            if number >= 5:  # the first ones warm the readers
                native.append(pair[0])
                dialect.append(pair[1])
    added = statistics.median(theirs - ours for ours, theirs in zip(native, dialect, strict=True))
    print(
        f"p50: native with Prefer: wait {statistics.median(native):.1f} ms, dialect {statistics.median(dialect):.1f} ms"
    )
    print(f"added by the dialect, median of {calls} pairs: {added:+.1f} ms")
    print(real.machine())


@contextmanager
def running(workers: int) -> Iterator[tuple[str, str]]:
    """A whole idmill in a directory of its own: its address and a key."""
    with tempfile.TemporaryDirectory() as var:
        options = machine.Options(
            var=Path(var), port=ports.free(), flower_port=ports.free(), workers=workers, log_level="WARNING"
        )
        with machine.running(options, step=lambda _: None, warn=lambda text: click.echo(text, err=True)) as everything:
            yield everything.url, everything.access["IDMILL_API_KEY"]


def ask_natively(client: httpx2.Client, key: str, picture: bytes) -> float:
    """Milliseconds from upload to result."""
    began = time.monotonic()
    answer = client.post(
        "/v1/jobs",
        headers={"Authorization": f"Bearer {key}", "Prefer": "wait=25"},
        files={"image": ("a.jpg", picture)},
        data={"document": "mrz"},
    )
    answer.raise_for_status()
    return 1000 * (time.monotonic() - began)


def ask_in_the_dialect(client: httpx2.Client, key: str, picture: bytes) -> float:
    """Milliseconds from upload to result."""
    began = time.monotonic()
    answer = client.post("/api/v1/backend/mrz/retrieve/", files={"image": ("a.jpg", picture)}, data={"api_key": key})
    answer.raise_for_status()
    return 1000 * (time.monotonic() - began)


if __name__ == "__main__":
    main()
