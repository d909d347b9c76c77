"""`python -m tests.chaos --seconds 600 --seed 1`: hurts a whole idmill, then counts. Loopback only, bounded."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos import storm


@click.command()
@click.option("--seconds", type=click.IntRange(10, 3600), default=600, show_default=True, help="How long to hurt it.")
@click.option("--seed", "seeds", type=int, multiple=True, default=[1], show_default=True, help="Of each round.")
@click.option("--report", type=click.Path(path_type=Path), help="Where to write the JSON report.")
def main(seconds: int, seeds: tuple[int, ...], report: Path | None) -> None:
    """Runs one round for each seed and says which promises held."""
    rounds = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="idmill-chaos-") as directory:
            rounds.append(storm.run(Path(directory), seconds=seconds, seed=seed, say=click.echo))
        click.echo(json.dumps(rounds[-1], indent=1))
    if report is not None:
        report.write_text(json.dumps(rounds, indent=1) + "\n")
    sys.exit(0 if all(all(one["held"].values()) for one in rounds) else 1)


main()
