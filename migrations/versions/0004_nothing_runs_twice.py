"""Turns, readers that died, and jobs that were given up and can be replayed.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Rows of these tables change several times in their short open life: dead versions go before they slow the queue.
_BUSY = ("jobs", "sessions", "organizations")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("crashes", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("trouble", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("replayable_until", sa.DateTime(timezone=True), nullable=True))
    for table in _BUSY:
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,"
            " autovacuum_analyze_scale_factor = 0.02)"
        )
    with op.get_context().autocommit_block():
        _index("ix_jobs_waiting", ["organization_id", "priority", "id"], where="state = 'queued'")
        _index("ix_jobs_replayable", ["replayable_until"], where="replayable_until IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_jobs_replayable", table_name="jobs", postgresql_where=sa.text("replayable_until IS NOT NULL"))
    op.drop_index("ix_jobs_waiting", table_name="jobs", postgresql_where=sa.text("state = 'queued'"))
    for table in _BUSY:
        op.execute(
            f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
            " autovacuum_analyze_scale_factor)"
        )
    op.drop_column("jobs", "replayable_until")
    op.drop_column("jobs", "trouble")
    op.drop_column("jobs", "crashes")
    op.drop_column("jobs", "priority")


def _index(name: str, columns: list[str], *, where: str) -> None:
    """One index on a busy table, without a lock that stops its writers. What a broken try left is made anew."""
    op.drop_index(name, table_name="jobs", if_exists=True, postgresql_concurrently=True)
    op.create_index(name, "jobs", columns, postgresql_where=sa.text(where), postgresql_concurrently=True)
