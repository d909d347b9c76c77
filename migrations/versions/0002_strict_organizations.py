"""An organization may ask that wrong check digits count as a failed reading.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("is_strict", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("organizations", "is_strict")
