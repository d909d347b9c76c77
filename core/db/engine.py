"""The one engine of this process and its sessions. Made at first use, so that a forked worker child makes its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from core.db import role
from core.settings import settings


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The process's engine. Time limits keep a stuck statement from holding a row against everybody."""
    made = create_engine(
        settings().database_url.get_secret_value(),
        pool_size=10,
        max_overflow=30,
        hide_parameters=True,  # an error's text must not carry what was being written
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s",
        },
    )
    event.listen(made, "connect", _take_on_the_role)
    return made


def _take_on_the_role(connection: Any, _record: Any) -> None:
    role.assume(connection)


@lru_cache(maxsize=1)
def new_session() -> sessionmaker[Session]:
    """Makes database sessions whose objects stay readable after the commit."""
    return sessionmaker(engine(), expire_on_commit=False)


def forget_engine() -> None:
    """Drops the engine without closing its sockets: for a child process right after the fork."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
    new_session.cache_clear()
    engine.cache_clear()
