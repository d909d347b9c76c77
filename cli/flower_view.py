"""Flower's configuration file, run by Flower: what it shows and what it must not. Its password comes by environment."""

from __future__ import annotations

from typing import Any

read_only = True
max_tasks = 10_000
persistent = False
enable_events = True
purge_offline_workers = 300
broker_api = ""
tasks_columns = "name,uuid,state,received,started,runtime,worker"


def format_task(task: Any) -> Any:
    """A task for the page: what it was called with and what came of it are not shown."""
    task.args = task.kwargs = task.result = task.traceback = ""
    return task
