"""Sessions over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api import views
from api.dependencies import Reader, run
from core import sessions, subscriptions

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.get("/{session_id}", response_model=views.SessionView)
async def get_session(caller: Reader, session_id: UUID) -> Any:
    """One session with all its attempts, first to last."""
    return await run(_read, caller.organization_id, session_id)


def _read(db: Session, organization_id: UUID, session_id: UUID) -> dict[str, Any]:
    session = sessions.get(db, organization_id, session_id)
    return views.session(session, sessions.jobs_of(db, session), subscriptions.attempts_of(db, session.id))
