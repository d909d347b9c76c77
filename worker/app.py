"""The Celery application of the worker: `celery -A worker.app worker`."""

from __future__ import annotations

from typing import Any

from celery.signals import setup_logging, worker_process_init

from core import broker, logs
from core.db.engine import forget_engine
from core.settings import settings

app = broker.celery()
app.conf.update(imports=["worker.tasks"], worker_concurrency=settings().worker_processes)


@setup_logging.connect
def _set_up_logs(**_: Any) -> None:
    logs.set_up_logs(settings().log_level)


@worker_process_init.connect
def _start_child(**_: Any) -> None:
    """Sockets of the parent are not the child's; the reader is loaded before the first job needs it."""
    forget_engine()
    from worker.reading import read  # noqa: PLC0415 - the parent must not load the recogniser

    read.warm_up(settings().reader)
