"""The one engine of this process and its sessions. Made at first use, so that a forked worker child makes its own."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from core.settings import settings


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The process's engine. Time limits keep a stuck statement from holding a row against everybody."""
    return create_engine(
        settings().database_url.get_secret_value(),
        pool_size=10,
        max_overflow=30,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry what was being written
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s",
        },
    )


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
