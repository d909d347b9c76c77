"""The Celery tasks: shells of one call."""

from __future__ import annotations

from uuid import UUID

from core.broker import TaskName
from worker.app import app
from worker.run_job import run_job
from worker.webhooks.deliver import deliver


@app.task(name=TaskName.READ_JOB)
def read_job(job_id: str) -> None:
    """Reads one job, if it still waits."""
    run_job(UUID(job_id))


@app.task(name=TaskName.SEND_WEBHOOK)
def send_webhook(delivery_id: str) -> None:
    """Sends one delivery, if it is still due."""
    deliver(UUID(delivery_id))
