"""The second wall: a row shows only to its organization, whatever a query forgets. See docs/security.md.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: table -> whose a row is, given the organization that the transaction acts for as `{mine}`
_MINE = "organization_id = {mine}"
TABLES = {
    "organizations": "id = {mine}",
    "api_keys": _MINE,
    "subscriptions": _MINE,
    "sessions": _MINE,
    "jobs": _MINE,
    "attempts": _MINE,
    "usage_records": _MINE,
    "events": _MINE,
    "webhook_endpoints": _MINE,
    "webhook_deliveries": _MINE,
    # what such rows hang on is bound itself: one of another organization is not found there
    "webhook_attempts": "EXISTS (SELECT FROM webhook_deliveries AS bound WHERE bound.id = delivery_id)",
    "fencings": "EXISTS (SELECT FROM jobs AS bound WHERE bound.id = job_id)",
    "batches": _MINE,
    "batch_items": "EXISTS (SELECT FROM batches AS bound WHERE bound.id = batch_id)",
    "idempotency_keys": _MINE,
    "envelope_keys": _MINE,
    "request_keys": _MINE,
    "authenticity_checks": _MINE,
    "authenticity_locks": _MINE,
    "registry_documents": _MINE,
}

# The setting is `*` for our own processes, an organization's id, or empty for nobody. Where it was never set, the role
# of the application sees nothing; the owner sees all: the previous release, KEDA's query, psql, pg_dump.
# CASE, not OR: it is evaluated in order, and the planner does not take it for something rare.
_SETTING = "current_setting('idmill.organization', true)"
_POLICY = (
    f"CASE coalesce({_SETTING}, CASE current_user WHEN 'idmill_app' THEN '' ELSE '*' END)"
    " WHEN '*' THEN true WHEN '' THEN false ELSE {whose} END"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():  # one table at a time: no lock waits while another is held
        for table, whose in TABLES.items():
            op.execute(f"DROP POLICY IF EXISTS organization ON {table}")
            policy = _POLICY.format(whose=whose.format(mine=f"{_SETTING}::uuid"))
            op.execute(f"CREATE POLICY organization ON {table} USING ({policy})")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
            op.execute(f"DROP POLICY IF EXISTS organization ON {table}")
