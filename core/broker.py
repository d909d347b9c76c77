"""The Celery client that both processes share, and `enqueue`: ids only, sent after the commit, never in its way."""

from __future__ import annotations

import atexit
import math
import os
import queue
import threading
import time
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from celery import Celery
from sqlalchemy.orm import Session

from core import crash_points
from core.crash_points import CrashPoint
from core.settings import settings
from core.transaction import after_commit

QUEUE = "idmill.read"
WEBHOOK_QUEUE = "idmill.webhooks"  #: its own, so that a slow receiver never keeps a picture waiting
SEND_SECONDS = 1  #: what a message is worth; the row is safe without it
BREAK_SECONDS = 2.0  #: after a failed send the sweeper takes over for so long
FLUSH_SECONDS = 2.0  #: a process that ends waits so long for its last messages
MOST_UNSENT = 1000

log = structlog.get_logger()
_breaker = {"silent_until": 0.0}  # monotonic seconds


class TaskName(StrEnum):
    """Every task, by the name in its message."""

    READ_JOB = "idmill.read_job"
    SEND_WEBHOOK = "idmill.send_webhook"


@lru_cache(maxsize=1)
def celery() -> Celery:
    """The Celery application of this process. The reasons stand in the comments; times are seconds."""
    url = settings().broker_url.get_secret_value() or settings().redis_url.get_secret_value()
    app = Celery("idmill", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_routes={TaskName.SEND_WEBHOOK.value: {"queue": WEBHOOK_QUEUE}},
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,  # Postgres holds the result; a result backend only grows
        task_acks_late=True,
        task_publish_retry=False,  # a lost message is sent again from the row
        task_time_limit=_task_seconds(),  # a reader has its own, shorter deadline; this is for what cannot be
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=25,  # below Kubernetes' 30 s
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_of_rabbitmq() if url.startswith("amqp") else _of_valkey(),
        control_queue_exclusive=url.startswith("amqp"),  # RabbitMQ phases out shared queues that do not last
        event_queue_exclusive=url.startswith("amqp"),
    )
    return app


def _of_valkey() -> dict[str, Any]:
    return {
        # a message that is not acknowledged comes back after this; the fence makes a double harmless
        "visibility_timeout": 2 * _task_seconds(),
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "health_check_interval": 5,
        "socket_timeout": SEND_SECONDS,
        "socket_connect_timeout": SEND_SECONDS,
    }


def _of_rabbitmq() -> dict[str, Any]:
    """No `read_timeout`: a consumer that waits for work reads for as long as there is none."""
    return {
        "confirm_publish": True,
        "connect_timeout": SEND_SECONDS,
        "write_timeout": SEND_SECONDS,
        "heartbeat": 10,
        "max_retries": 0,  # of a send; a worker's own connection is tried for ever
    }


def _task_seconds() -> int:
    return 60 + 2 * math.ceil(settings().read_seconds)


def enqueue(db: Session, task: TaskName, identifier: UUID) -> None:
    """Sends a task for one row after the commit, from a thread of its own: nobody waits for the broker.

    A failed send is no error: the sweeper sends again.
    """
    after_commit(db, lambda: _put(task, identifier))


def flush(seconds: float = FLUSH_SECONDS) -> bool:
    """Waits until all that was enqueued has been tried, at most so long; True when it was."""
    outbox = _outbox(os.getpid())
    give_up_at = time.monotonic() + seconds
    while outbox.unfinished_tasks and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return not outbox.unfinished_tasks


def _put(task: TaskName, identifier: UUID) -> None:
    with suppress(queue.Full):  # the sweeper will find it
        _outbox(os.getpid()).put_nowait((task, identifier))


@lru_cache(maxsize=1)
def _outbox(_process: int) -> queue.Queue[tuple[TaskName, UUID]]:
    """The messages of this process on their way; a forked child begins its own."""
    outbox: queue.Queue[tuple[TaskName, UUID]] = queue.Queue(MOST_UNSENT)
    threading.Thread(target=_send_all, args=(outbox,), name="outbox", daemon=True).start()
    atexit.register(flush)
    return outbox


def _send_all(outbox: queue.Queue[tuple[TaskName, UUID]]) -> None:
    while True:
        task, identifier = outbox.get()
        send(task, identifier)
        outbox.task_done()


def send(task: TaskName, identifier: UUID) -> bool:
    """Sends now, best effort; False when the broker is away or was a moment ago."""
    if time.monotonic() < _breaker["silent_until"]:
        return False
    try:
        if task is TaskName.READ_JOB:
            crash_points.reach(CrashPoint.BEFORE_PUBLISH)
        celery().send_task(
            task,
            args=[str(identifier)],
            retry=False,
            argsrepr=f"('{identifier}',)",
            confirm_timeout=SEND_SECONDS,  # only RabbitMQ confirms
        )
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the row is safe
        _breaker["silent_until"] = time.monotonic() + BREAK_SECONDS
        log.warning("queue.send_failed", error=type(error).__name__)
        return False
    return True


def waiting(queue: str = QUEUE) -> int:
    """Messages in a queue that no worker has taken. Raises the broker client's error when it is away."""
    with celery().connection_for_read() as connection:
        try:
            return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:  # to Valkey an empty queue is none
            return 0
