"""Runs the migrations on the database that DATABASE_URL names."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from core.db import role, tables  # noqa: F401 - `tables` fills the metadata
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
        if has_tables(connection):
            role.make_and_grant(connection)  # after every change: a new table has no grants yet
            connection.commit()
    engine.dispose()


def has_tables(connection: Connection) -> bool:
    """Whether anything is there to grant."""
    return bool(connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL")))


run()
