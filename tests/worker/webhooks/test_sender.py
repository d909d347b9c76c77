"""The sender as it runs: a Celery worker of its own queue, in its own process, and the sweeper beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import standardwebhooks

ROOT = Path(__file__).parents[3]


def test_worker_of_its_own_queue_sends_events_and_retries(receiver, new_endpoint, end_job, settings_env, tmp_path):
    environment = {**os.environ, **settings_env, "IDMILL_WEBHOOK_ALLOW": "127.0.0.0/8"}
    worker = (
        *("-m", "celery", "-A", "worker.app", "worker", "--queues", "idmill.webhooks"),
        *("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    )
    with (tmp_path / "log").open("w") as log:
        children = [
            subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
            for command in (worker, ("-m", "worker.sweeper"))
        ]
        try:
            _, secret = new_endpoint(receiver.url)
            receiver.answers = [(500, {}, b"not now")]
            end_job()
            until = time.monotonic() + 90
            while len(receiver.got) < 3 and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(40)
    told = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in receiver.got]
    assert sorted({document["data"]["sequence"] for document in told}) == [1, 2], (tmp_path / "log").read_text()
    assert len(told) == 3  # two events, one of them twice: its first try failed
