"""The Celery application of the worker: `celery -A worker.app worker`."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import Any

from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from core import broker, logs, tracing
from core.db.engine import forget_engine
from core.settings import settings
from worker import hold, probe

HAND_OVER_SECONDS = 20.0  #: a reading that outlasts this after the signal to end goes to another worker, at once

app = broker.celery()
app.conf.update(imports=["worker.tasks"], worker_concurrency=settings().worker_processes)
_pool: dict[str, Any] = {}


@setup_logging.connect
def _set_up_logs(**_: Any) -> None:
    logs.set_up_logs(settings().log_level)


@worker_process_init.connect
def _start_child(**_: Any) -> None:
    """Sockets of the parent are not the child's; the reader loads its models before the first job needs it."""
    forget_engine()
    signal.signal(signal.SIGUSR2, lambda *_: hold.leave())
    hold.warm_up()


@worker_process_shutdown.connect
def _end_child(**_: Any) -> None:
    hold.close()
    tracing.flush()


@worker_ready.connect
def _attend(sender: Any, **_: Any) -> None:
    """Only a worker that reads is watched by the work that waits for readers."""
    _pool["children"] = sender.pool
    if broker.QUEUE in app.amqp.queues.consume_from:
        probe.watch()


@worker_shutting_down.connect
def _let_go_in_time(**_: Any) -> None:
    """Celery waits `worker_soft_shutdown_timeout` for running tasks; those that would outlast it hand over before."""
    timer = threading.Timer(HAND_OVER_SECONDS, _tell_children_to_leave)
    timer.daemon = True
    timer.start()


def _tell_children_to_leave() -> None:
    pool = getattr(_pool.get("children"), "_pool", None)
    for child in getattr(pool, "_pool", None) or ():  # a pool of threads has no children
        if isinstance(getattr(child, "pid", None), int):
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGUSR2)
