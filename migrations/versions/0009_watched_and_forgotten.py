"""Retention per organization, a log of who did what, and the trace that a job belongs to.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SETTING = "current_setting('idmill.organization', true)"
_POLICY = (  # as in 0008
    f"CASE coalesce({_SETTING}, CASE current_user WHEN 'idmill_app' THEN '' ELSE '*' END)"
    f" WHEN '*' THEN true WHEN '' THEN false ELSE organization_id = {_SETTING}::uuid END"
)

#: Nobody changes what is written; it goes when it is old, and the sweeper says how old (IDMILL_AUDIT_DAYS).
_ONLY_GROWS = """
    CREATE FUNCTION idmill_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit_log only grows' USING ERRCODE = 'insufficient_privilege';
    END $$
"""


def upgrade() -> None:
    op.add_column("organizations", sa.Column("picture_hours", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organizations", sa.Column("result_days", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("trace", sa.Text(), nullable=True))
    op.add_column("webhook_deliveries", sa.Column("trace", sa.Text(), nullable=True))
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_organization_id_id"), "audit_log", ["organization_id", "id"])
    op.execute(f"CREATE POLICY organization ON audit_log USING ({_POLICY})")
    op.execute("ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(_ONLY_GROWS)
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON audit_log"
        " FOR EACH ROW EXECUTE FUNCTION idmill_audit_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION idmill_audit_only_grows()"
    )
    with op.get_context().autocommit_block():
        where = sa.text("state IN ('received', 'failed')")
        op.drop_index("ix_jobs_erasable", table_name="jobs", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            "ix_jobs_erasable",
            "jobs",
            ["organization_id", "finished_at"],
            postgresql_where=where,
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_jobs_erasable", table_name="jobs")
    op.drop_table("audit_log")
    op.execute("DROP FUNCTION idmill_audit_only_grows()")
    op.drop_column("webhook_deliveries", "trace")
    op.drop_column("jobs", "trace")
    op.drop_column("organizations", "result_days")
    op.drop_column("organizations", "picture_hours")
