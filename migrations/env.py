"""Runs the migrations on the database that DATABASE_URL names."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import create_engine, pool

from core.db import tables  # noqa: F401 - fills the metadata
from core.db.base import Base
from core.settings import SECRETS


def run() -> None:
    """Applies the migrations, one transaction each. A lock that is not had in five seconds is an error, not a queue."""
    options = {"options": "-c lock_timeout=5s"}
    url = os.environ.get("DATABASE_URL") or (SECRETS / "database_url").read_text().strip()
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=options)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
