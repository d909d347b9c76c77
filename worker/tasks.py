"""The Celery tasks: shells of one call."""

from __future__ import annotations

from uuid import UUID

from core.broker import TaskName
from worker import probe
from worker.app import app
from worker.run_job import run_next_job
from worker.webhooks.deliver import deliver


@app.task(name=TaskName.READ_JOB)
def read_job(job_id: str) -> None:  # noqa: ARG001 - the id says for which upload this was sent
    """Reads the job whose turn it is: as many messages as jobs, and it does not matter which brings which."""
    probe.note_progress()
    run_next_job()


@app.task(name=TaskName.SEND_WEBHOOK)
def send_webhook(delivery_id: str) -> None:
    """Sends one delivery, if it is still due."""
    deliver(UUID(delivery_id))
