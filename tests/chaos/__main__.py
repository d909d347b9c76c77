"""`python -m tests.chaos storm|restarts|frozen|readers`: hurts a whole idmill, then counts. Loopback only, bounded."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tests.chaos import outages, storm, world

_report = click.option("--report", type=click.Path(path_type=Path), help="Where to write the JSON report.")


@click.group()
def main() -> None:
    """Each command prints JSON and ends with 1 when a promise did not hold."""


@main.command("storm")
@click.option("--seconds", type=click.IntRange(10, 3600), default=600, show_default=True, help="How long to hurt it.")
@click.option("--seed", "seeds", type=int, multiple=True, default=[1], show_default=True, help="Of each round.")
@_report
def run_storm(seconds: int, seeds: tuple[int, ...], report: Path | None) -> None:
    """A fault every few seconds under load, one round for each seed; then the ledger is held against Postgres."""
    rounds = [
        _in_a_directory(lambda place, seed=seed: storm.run(place, seconds=seconds, seed=seed, say=click.echo))
        for seed in seeds
    ]
    _end(rounds, report)


@main.command("restarts")
@click.option("--rounds", type=click.IntRange(1, 100), default=20, show_default=True)
@_report
def run_restarts(rounds: int, report: Path | None) -> None:
    """Ten restarts of Valkey in 30 s, again and again: uploads are read by themselves after each round."""

    def hurt(place: Path) -> dict[str, Any]:
        with world.running(place) as one:
            outages.populate(one)
            return outages.restarts(one, rounds=rounds, times=10, seconds=30.0, say=click.echo)

    _end([_in_a_directory(hurt)], report)


@main.command("frozen")
@click.option("--seconds", type=click.IntRange(1, 300), default=30, show_default=True)
@_report
def run_frozen(seconds: int, report: Path | None) -> None:
    """Valkey frozen: uploads still get 202; FLUSHALL under load: all are read within 60 s."""

    def hurt(place: Path) -> dict[str, Any]:
        with world.running(place) as one:
            outages.populate(one)
            frozen, flushed = outages.frozen(one, seconds=seconds), outages.flushed(one, uploads=200)
            return {**frozen, **flushed, "held": frozen["held"] | flushed["held"]}

    _end([_in_a_directory(hurt)], report)


@main.command("readers")
@_report
def run_readers(report: Path | None) -> None:
    """Readers that hang, allocate and crash are gone in time, and their Celery child does not notice."""

    def hurt(place: Path) -> dict[str, Any]:
        with world.running(place) as one:
            outages.populate(one)
            return outages.misbehaving_readers(one)

    _end([_in_a_directory(hurt)], report)


def _in_a_directory(hurt: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="idmill-chaos-") as directory:
        done = hurt(Path(directory))
    done["machine"] = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    click.echo(json.dumps(done, indent=1))
    return done


def _end(rounds: list[dict[str, Any]], report: Path | None) -> None:
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(rounds, indent=1) + "\n")
    sys.exit(0 if all(all(one["held"].values()) for one in rounds) else 1)


main()
