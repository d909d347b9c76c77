"""The sweeper, its own process, as many as you like: takes back lost leases, re-sends, forgets what served."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit, batches, broker, deliveries, events, idempotency, jobs, logs, organizations, turns
from core.authenticity import request_keys
from core.db.tables import Heartbeat, Job, WebhookDelivery
from core.settings import settings
from core.states import JobState
from core.transaction import transaction
from worker.run_job import give_back
from worker.webhooks import deliver

RESEND_AFTER = timedelta(seconds=5)  #: doubled with every send of the same job
MOST_DOUBLINGS = 3
MOST_DOUBLINGS_OF_DELIVERIES = 4  #: one that waits for a failing endpoint to have room shall not wait long
HEARTBEAT = "sweeper"

log = structlog.get_logger()


def sweep() -> None:
    """One round. Each step stands alone, so that one that fails does not stop the others."""
    for step in STEPS:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the next round tries again; a sweeper that ends helps nobody
            log.error("sweep.failed", task=step.__name__, error=type(error).__name__)


def take_back_lost_leases() -> None:
    """Jobs whose worker went silent wait again, or end when their claims are used up."""
    with transaction() as db:
        is_lost = (Job.state == JobState.READING, Job.lease_until < func.now())
        lost = list(db.scalars(select(Job).where(*is_lost).order_by(Job.lease_until).limit(settings().sweep_batch)))
    for job in lost:
        log.warning("job.lease_lost", job_id=str(job.id), claims=job.claims)
        give_back(job, "lease_lost")


def resend_waiting() -> None:
    """Sends a message for every job that waits in Postgres and has none in the queue, by the count.

    Any message brings any job, so a count is all there is to compare. While messages wait, a job that was sent for
    already waits longer every time; an empty queue beside waiting jobs has lost them for certain.
    """
    waiting = broker.waiting()
    with transaction() as db:
        due = (Job.state == JobState.QUEUED, Job.next_attempt_at <= func.now())
        in_rows = db.scalars(select(func.count()).select_from(select(Job.id).where(*due).limit(_enough()).subquery()))
        room = min(in_rows.one() - waiting, settings().queue_cap - waiting, settings().sweep_batch)
        if room > 0:
            _resend(db, Job, broker.TaskName.READ_JOB, due, room, doublings=MOST_DOUBLINGS if waiting else 0)


def hurry_old_batches() -> None:
    """Lets batches that have waited long enough go in turn with what people wait for."""
    with transaction() as db:
        turns.hurry_old_batches(db, patience_seconds=settings().patience_seconds, limit=settings().sweep_batch)


def take_back_lost_deliveries() -> None:
    """Deliveries whose sender went silent are due again, as after any failed try."""
    with transaction() as db:
        lost = deliveries.lost(db, limit=settings().sweep_batch)
    for delivery in lost:
        deliver.record(delivery, deliver.SENDER_LOST)


def resend_due_deliveries() -> None:
    """Sends deliveries that are due: retries, and those whose message was lost."""
    room = min(settings().queue_cap - broker.waiting(broker.WEBHOOK_QUEUE), settings().sweep_batch)
    if room <= 0:
        return
    with transaction() as db:
        task = broker.TaskName.SEND_WEBHOOK
        _resend(db, WebhookDelivery, task, deliveries.due(), room, doublings=MOST_DOUBLINGS_OF_DELIVERIES)


def forget_answers() -> None:
    """Forgets answers to requests with an Idempotency-Key whose day is over."""
    with transaction() as db:
        idempotency.forget_expired(db, limit=settings().sweep_batch)


def forget_results() -> None:
    """Erases jobs whose organization wants results no longer, and the file names of their batches."""
    with transaction() as db:
        old = jobs.beyond_retention(db, limit=settings().sweep_batch)
        for organization in organizations.with_retention(db):
            end = db.scalars(select(func.now())).one() - timedelta(days=organization.result_days or 0)
            batches.forget_old_names(db, organization.id, before=end, limit=settings().sweep_batch)
    for job in old:
        with transaction(job.organization_id) as db:
            jobs.erase(db, job.organization_id, job.id)
        log.info("job.erased", job_id=str(job.id), reason="retention")


def forget_history() -> None:
    """Forgets events with their deliveries, request keys and entries of the audit log that are old enough."""
    limit = settings().sweep_batch
    with transaction() as db:
        events.forget_old(db, days=settings().event_days, limit=limit)
    with transaction() as db:
        request_keys.forget_expired(db, limit=limit)
    with transaction() as db:
        audit.forget_old(db, days=settings().audit_days, limit=limit)


def _resend(
    db: Session,
    table: type[Job | WebhookDelivery],
    task: broker.TaskName,
    due: tuple[Any, ...],
    room: int,
    *,
    doublings: int,
) -> None:
    pause = RESEND_AFTER * func.power(2, func.least(table.sends, doublings))
    silent = select(table.id).where(*due, table.sent_at < func.now() - pause).order_by(table.next_attempt_at)
    chosen = silent.limit(room).with_for_update(skip_locked=True, of=table).scalar_subquery()
    again = update(table).where(table.id.in_(chosen)).values(sent_at=func.now(), sends=table.sends + 1)
    for identifier in db.scalars(again.returning(table.id)).all():
        broker.enqueue(db, task, identifier)


def _enough() -> int:
    return settings().queue_cap + settings().sweep_batch


def forget_pictures() -> None:
    """Deletes uploads of ended jobs after the hours that they are kept for, if any."""
    with transaction() as db:
        ended = select(Job).where(*jobs.with_unwanted_pictures())
        for job in db.scalars(ended.limit(settings().sweep_batch).with_for_update(skip_locked=True)):
            jobs.forget_picture(db, job)


def beat() -> None:
    """Leaves a sign of life for the readiness probe and the alarms."""
    with transaction() as db:
        sign = insert(Heartbeat).values(name=HEARTBEAT, at=func.now())
        db.execute(sign.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": func.now()}))


STEPS = (
    take_back_lost_leases,
    resend_waiting,
    hurry_old_batches,
    take_back_lost_deliveries,
    resend_due_deliveries,
    forget_pictures,
    forget_answers,
    forget_results,
    forget_history,
    beat,
)


def main() -> None:
    """Sweeps until told to stop."""
    logs.set_up_logs(settings().log_level)
    audit.act_as("sweeper")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("sweeper.started", seconds=settings().sweep_seconds)
    while not stop.is_set():
        sweep()
        stop.wait(settings().sweep_seconds)


if __name__ == "__main__":
    main()
