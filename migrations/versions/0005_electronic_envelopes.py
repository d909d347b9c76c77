"""Electronic envelopes and authenticity: RSA keys, request keys, answers, locks, the operator's registry.

The law: this runs while the previous release still works on the same tables. Add first, remove one release later;
nothing here may hold a lock on a busy table for longer than a moment (indexes CONCURRENTLY, NOT VALID before VALIDATE).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "envelope_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.Column("valid_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_envelope_keys_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envelope_keys")),
        sa.UniqueConstraint(
            "organization_id", "service", "version", name=op.f("uq_envelope_keys_organization_id_service_version")
        ),
    )
    op.create_index(
        "uq_envelope_keys_handed_out",
        "envelope_keys",
        ["organization_id", "service"],
        unique=True,
        postgresql_where=sa.text("valid_until IS NULL"),
    )
    op.create_table(
        "request_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_request_keys_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_request_keys_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_keys")),
        sa.UniqueConstraint("text_hash", name=op.f("uq_request_keys_text_hash")),
    )
    op.create_index(op.f("ix_request_keys_expires_at"), "request_keys", ["expires_at"], unique=False)
    op.create_index(op.f("ix_request_keys_job_id"), "request_keys", ["job_id"], unique=False)
    op.create_table(
        "authenticity_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("is_authentic", sa.Boolean(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_authenticity_checks_job_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_authenticity_checks_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_authenticity_checks_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticity_checks")),
    )
    op.create_index(op.f("ix_authenticity_checks_job_id"), "authenticity_checks", ["job_id"], unique=False)
    op.create_index(
        op.f("ix_authenticity_checks_organization_id_at"),
        "authenticity_checks",
        ["organization_id", "at"],
        unique=False,
    )
    op.create_table(
        "authenticity_locks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("wrong_dates", sa.Integer(), nullable=False),
        sa.Column("last_job_id", sa.Uuid(), nullable=True),
        sa.Column("locked_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_authenticity_locks_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticity_locks")),
        sa.UniqueConstraint("organization_id", "subject", name=op.f("uq_authenticity_locks_organization_id_subject")),
    )
    op.create_table(
        "registry_documents",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("imported_at", TIME, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_registry_documents_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "document_type", "number", name=op.f("pk_registry_documents")),
    )
    op.add_column("organizations", sa.Column("most_bad_envelopes", sa.Integer(), server_default="100", nullable=False))


def downgrade() -> None:
    op.drop_column("organizations", "most_bad_envelopes")
    for table in ("registry_documents", "authenticity_locks", "authenticity_checks", "request_keys", "envelope_keys"):
        op.drop_table(table)
