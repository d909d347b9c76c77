"""Is this process alive, and is it worth sending requests to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.dependencies import run

router = APIRouter(tags=["health"])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """200 while the process answers at all."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(response: Response) -> dict[str, Any]:
    """200 when uploads can be kept safe: Postgres answers. The queue may be away; nothing is lost without it."""
    try:
        await run(_ask)
    except Exception:  # noqa: BLE001 - whatever is wrong with the database, the answer is the same
        response.status_code = 503
        return {"status": "not ready", "database": "away"}
    return {"status": "ready", "database": "answers"}


def _ask(db: Session) -> None:
    db.execute(text("SELECT 1"))
