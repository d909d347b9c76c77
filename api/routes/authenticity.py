"""Why a document was found authentic or not, for its organization; and the operator's side: locks and envelope keys."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from api import views
from api.dependencies import Admin, Reader, run
from api.routes.admin import Body, Customer
from core import envelope, jobs
from core.authenticity import asking, locks
from core.envelope import Service

router = APIRouter(tags=["authenticity"])


class Person(Body):
    resident_number: Annotated[str, Field(pattern="^[0-9]{13}$")]


@router.get("/v1/jobs/{job_id}/authenticity", response_model=list[views.AuthenticityView])
async def list_answers(caller: Reader, job_id: UUID) -> Any:
    """The answers given about this reading, with whose word each is and every check behind it."""
    await run(jobs.get, caller.organization_id, job_id)
    return await run(asking.answers_about, caller.organization_id, job_id)


@router.get("/v1/admin/organizations/{organization_id}/authenticity-locks", response_model=list[views.LockView])
async def list_locks(_caller: Admin, organization_id: Customer) -> Any:
    """Cards for which wrong issue dates were given, locked or not, the newest first."""
    return await run(locks.of_organization, organization_id)


@router.delete("/v1/admin/authenticity-locks/{lock_id}", status_code=204)
async def unlock(_caller: Admin, lock_id: UUID) -> None:
    """Unlocks a card and forgets its wrong dates."""
    await run(locks.unlock, lock_id)


@router.post("/v1/admin/organizations/{organization_id}/authenticity-locks/unlock", status_code=204)
async def unlock_person(_caller: Admin, organization_id: Customer, body: Person) -> None:
    """Unlocks one person's card by its 13 digits, which are stored nowhere."""
    await run(locks.unlock_person, organization_id, body.resident_number)


@router.post(
    "/v1/admin/organizations/{organization_id}/envelope-keys/{service}/rotate",
    status_code=201,
    response_model=views.EnvelopeKeyView,
)
async def rotate_envelope_key(_caller: Admin, organization_id: Customer, service: Service) -> Any:
    """Hands out a new public key from now on. The one before still opens envelopes for the grace time."""
    pair = await run_in_threadpool(envelope.fresh_pair)
    return await run(envelope.rotate, organization_id, service, pair)
