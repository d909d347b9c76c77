"""Outcomes that came too late are counted: one row for each claim that was fenced off.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fencings",
        sa.Column("lease_token", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_fencings_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lease_token", name=op.f("pk_fencings")),
    )
    op.create_index(op.f("ix_fencings_at"), "fencings", ["at"])
    op.create_index(op.f("ix_fencings_job_id"), "fencings", ["job_id"])


def downgrade() -> None:
    op.drop_table("fencings")
