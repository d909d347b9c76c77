"""Flower's configuration file, run by Flower: what it shows and what it must not. Its password stands elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

read_only = True
max_tasks = 10_000
persistent = False
enable_events = True
purge_offline_workers = 300
broker_api = ""
tasks_columns = "name,uuid,state,received,started,runtime,worker"

_secret = Path("/run/secrets/flower_basic_auth")  # user:password
if _secret.is_file():
    basic_auth = [_secret.read_text().strip()]
elif not os.environ.get("FLOWER_BASIC_AUTH") and __name__ != "cli.flower_view":  # Flower runs it without a name
    raise SystemExit("Flower shows nothing without a password: set FLOWER_BASIC_AUTH=user:password.")


def format_task(task: Any) -> Any:
    """A task for the page: what it was called with and what came of it are not shown."""
    task.args = task.kwargs = task.result = task.traceback = ""
    return task
