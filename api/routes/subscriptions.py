"""What an organization may have read, and what it has been billed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import views
from api.dependencies import Instant, Reader, run
from core import subscriptions, usage

router = APIRouter(prefix="/v1", tags=["subscriptions"])

Since = Annotated[Instant | None, Query(description="from this time on")]
Until = Annotated[Instant | None, Query(description="before this time")]


@router.get("/subscriptions", response_model=list[views.SubscriptionView])
async def list_subscriptions(caller: Reader) -> Any:
    """Your subscriptions, past and future ones too, in the order in which they start."""
    return await run(subscriptions.subscriptions_of, caller.organization_id)


@router.get("/usage", response_model=list[views.UsageView])
async def get_usage(caller: Reader, since: Since = None, until: Until = None) -> Any:
    """Your billed readings by technology."""
    return await run(usage.totals, caller.organization_id, since=since, until=until)
