"""Whose turn it is: the waiting job that a free worker takes next. Moves nothing; `core.jobs` does.

A message only says that there is work. Which work is decided here, at the claim, from the rows: somebody who waits
before a batch, the organization with the fewest running readings first, the one not served lately before the one just
served, and in an organization the oldest job. A flood of one organization so delays another by one reading at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from uuid import UUID

from sqlalchemy import ARRAY, ScalarSelect, Uuid, bindparam, text, update
from sqlalchemy.orm import Session

from core.db.tables import Job
from core.states import JobState

SUSPECT_AFTER = 2  #: readers that died on a job; from then on it is read alone
_LOCK_OF_SUSPECTS = 0x1D_3111  #: advisory lock: who holds it may claim a suspect


class Priority(IntEnum):
    """Lower goes first."""

    PERSON = 0  #: somebody waits for this one
    BATCH = 1  #: nobody waits for one of these


# A skip scan over ix_jobs_waiting finds every (organization, priority) that waits by one probe each, however long their
# queues are; only the row that is taken is locked. The order of the inner query holds: a nested loop keeps it.
_NEXT = text("""
    WITH RECURSIVE waiting AS (
        (SELECT organization_id, priority FROM jobs WHERE state = 'queued'
         ORDER BY organization_id, priority LIMIT 1)
        UNION ALL
        SELECT following.organization_id, following.priority FROM waiting CROSS JOIN LATERAL (
            SELECT organization_id, priority FROM jobs
            WHERE state = 'queued' AND (organization_id, priority) > (waiting.organization_id, waiting.priority)
            ORDER BY organization_id, priority LIMIT 1
        ) AS following
    ), running AS (
        SELECT organization_id, count(*) AS readings FROM jobs WHERE state = 'reading' GROUP BY organization_id
    ), turn AS (
        SELECT waiting.organization_id, waiting.priority
        FROM waiting LEFT JOIN running USING (organization_id)
        ORDER BY waiting.priority, coalesce(running.readings, 0),
                 array_position(:served, waiting.organization_id) NULLS FIRST, waiting.organization_id
    )
    SELECT best.id FROM turn CROSS JOIN LATERAL (
        SELECT jobs.id FROM jobs
        WHERE jobs.state = 'queued'
          AND jobs.organization_id = turn.organization_id AND jobs.priority = turn.priority
          AND jobs.next_attempt_at <= now() AND jobs.claims < :max_claims
          AND (jobs.crashes < :suspect_after OR (:with_suspects AND NOT EXISTS (
              SELECT FROM jobs AS other WHERE other.state = 'reading' AND other.crashes >= :suspect_after)))
        ORDER BY jobs.id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS best
    LIMIT 1
""").columns(id=Uuid())


def next_job(db: Session, *, max_claims: int, served: Sequence[UUID]) -> ScalarSelect[UUID]:
    """The id of the job whose turn it is, as a subquery that locks its row.

    `served` are organizations that were served lately, the latest last: among equals they stand behind.
    Suspects are left out while one is read, or while another worker looks for one.
    """
    with_suspects = db.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK_OF_SUSPECTS}).scalar_one()
    chosen = _NEXT.bindparams(
        bindparam("served", list(served), ARRAY(Uuid)),
        max_claims=max_claims,
        suspect_after=SUSPECT_AFTER,
        with_suspects=with_suspects,
    )
    return chosen.scalar_subquery()


def hurry_old_batches(db: Session, *, patience_seconds: int, limit: int) -> None:
    """Gives jobs of batches that have waited so long the turn of people, so that a busy day does not starve them."""
    patient = text(
        "SELECT id FROM jobs WHERE state = 'queued' AND priority = 1"
        " AND next_attempt_at < now() - make_interval(secs => :seconds)"
        " ORDER BY next_attempt_at LIMIT :limit FOR UPDATE SKIP LOCKED"
    ).columns(id=Uuid())
    chosen = patient.bindparams(seconds=patience_seconds, limit=limit).scalar_subquery()
    hurry = update(Job).where(Job.id.in_(chosen), Job.state == JobState.QUEUED)
    db.execute(hurry.values(priority=Priority.PERSON), execution_options={"synchronize_session": False})
