"""What an operator watches: durations and counts of readings in the row, and indexes for what is counted.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("measures", postgresql.JSONB(), nullable=True))
    with op.get_context().autocommit_block():
        _index("ix_webhook_attempts_at", "webhook_attempts", "at")
        _index("ix_webhook_deliveries_given_up", "webhook_deliveries", "finished_at", where="state = 'failed'")


def downgrade() -> None:
    op.drop_index(
        "ix_webhook_deliveries_given_up", table_name="webhook_deliveries", postgresql_where=sa.text("state = 'failed'")
    )
    op.drop_index("ix_webhook_attempts_at", table_name="webhook_attempts")
    op.drop_column("jobs", "measures")


def _index(name: str, table: str, column: str, *, where: str | None = None) -> None:
    """One index on a busy table, without a lock that stops its writers. What a broken try left is made anew."""
    condition = sa.text(where) if where else None
    op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
    op.create_index(name, table, [column], postgresql_where=condition, postgresql_concurrently=True)
