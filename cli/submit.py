"""`idmill submit`: sends pictures to a running idmill over its public API. Prints JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cli.client import Client, Job, Refused

DOCUMENTS = ("auto", "mrz", "id-card", "mykad", "payment-card")


@click.command("submit")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url", envvar="IDMILL_URL", default="http://127.0.0.1:8000", show_default=True, help="Where the API is."
)
@click.option("--key", envvar="IDMILL_API_KEY", required=True, help="API key; `. var/demo.env` sets it.")
@click.option("--document", type=click.Choice(DOCUMENTS), default="auto", show_default=True, help="What is shown.")
@click.option("--wait", is_flag=True, help="Stay until every picture has its outcome, and print that.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds to wait for one outcome.")
def command(paths: tuple[Path, ...], url: str, key: str, document: str, *, wait: bool, timeout: float) -> None:
    """Send pictures to a running idmill and print one JSON object a line: the job, or with --wait its outcome.

    Exit code: 0 when every picture was taken (with --wait: read), 1 when one was not.
    """
    with Client(url, key) as client:
        sent = [_submitted(client, path, document) for path in paths]
        ended = [_ended(client, one, timeout) if wait and isinstance(one, Job) else one for one in sent]
    for path, one in zip(paths, ended, strict=True):
        click.echo(json.dumps(_line(path, one), ensure_ascii=False))
    good = [isinstance(one, Job) and (one.is_read or not wait) for one in ended]
    raise SystemExit(0 if all(good) else 1)


def _submitted(client: Client, path: Path, document: str) -> Job | str:
    try:
        return client.submit(path, document=document)
    except Refused as refused:
        return str(refused)


def _ended(client: Client, job: Job, timeout: float) -> Job | str:
    try:
        return client.wait(job.id, seconds=timeout)
    except (Refused, TimeoutError) as problem:
        return f"job {job.id}: {problem}"


def _line(path: Path, one: Job | str) -> dict[str, Any]:
    return {"file": str(path), **({"error": one} if isinstance(one, str) else one.document)}
