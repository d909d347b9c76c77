"""What an operator looks at and mends, for keys with the scope `admin`: how things stand, what was given up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api import views
from api.dependencies import Admin, Limit, run
from core import dead, deliveries, errors, sealed, standing

router = APIRouter(prefix="/v1/admin", tags=["operations"])

HOURS = 24
Hours = Annotated[int, Query(ge=1, le=24 * 31, description="how far back outcomes are counted")]


@router.get("/standing", response_model=views.StandingView)
async def get_standing(_caller: Admin, hours: Hours = HOURS) -> Any:
    """Backlog, ages, webhooks, and how the jobs of the last hours ended. Numbers only."""
    return await run(_standing, hours)


@router.get("/dead-jobs", response_model=list[views.DeadJobView])
async def list_dead_jobs(_caller: Admin, limit: Limit = 100) -> Any:
    """Jobs that no reader could end and whose pictures are still kept, the oldest first."""
    return await run(dead.page, limit=limit)


@router.post("/dead-jobs/{job_id}/replay", status_code=202, response_model=views.ReplayView)
async def replay_dead_job(_caller: Admin, job_id: UUID) -> Any:
    """Reads a job that was given up once more: a new attempt at its session, with the picture as it was uploaded."""
    job = await run(dead.get, job_id)
    picture = await run_in_threadpool(dead.copy_picture, job)
    try:
        again = await run(dead.replay, job, picture)
    except errors.IdmillError:
        await run_in_threadpool(sealed.forget_picture, picture)
        raise
    return {"given_up": job_id, "job_id": again.id}


@router.get("/deliveries", response_model=list[views.GivenUpView])
async def list_given_up_deliveries(_caller: Admin, limit: Limit = 100) -> Any:
    """Webhook deliveries that were given up, the latest first, each with what its last request came to."""
    return await run(_given_up, limit)


@router.post("/deliveries/{delivery_id}/redeliver", status_code=202, response_model=views.RedeliveryView)
async def redeliver(_caller: Admin, delivery_id: UUID) -> Any:
    """Sends one delivery again, now, with a fresh schedule; one on its way is left alone."""
    await run(_redeliver, delivery_id)
    return {"id": delivery_id}


def _standing(db: Session, hours: int) -> dict[str, Any]:
    return {
        "backlog": asdict(standing.backlog(db)),
        "webhooks": asdict(standing.sending(db)),
        "hours": hours,
        "outcomes": [asdict(one) for one in standing.outcomes(db, hours=hours)],
    }


def _given_up(db: Session, limit: int) -> list[dict[str, Any]]:
    return [
        {
            "id": delivery.id,
            "organization_id": delivery.organization_id,
            "endpoint_id": delivery.endpoint_id,
            "event_id": delivery.event_id,
            "attempts": delivery.attempts,
            "created_at": delivery.created_at,
            "finished_at": delivery.finished_at,
            "last_status": attempt.status if attempt else None,
            "last_error": attempt.error if attempt else None,
        }
        for delivery, attempt in standing.given_up(db, limit=limit)
    ]


def _redeliver(db: Session, delivery_id: UUID) -> None:
    found = standing.delivery(db, delivery_id)
    if found is None:
        raise errors.NotFound
    deliveries.redeliver(db, found.organization_id, found.endpoint_id, delivery_id)
