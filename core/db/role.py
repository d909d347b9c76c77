"""The role that processes act as: it owns nothing and is no superuser, so that row security binds it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

NAME = "idmill_app"
APPENDED = "audit_log"

#: Takes the role on for the rest of a connection, where it is there and may be taken on; else nothing happens.
ASSUME = f"""
    SELECT set_config('role', rolname, false) FROM pg_roles
    WHERE rolname = '{NAME}' AND CASE WHEN current_setting('server_version_num')::int >= 160000
                                      THEN pg_has_role(oid, 'SET') ELSE pg_has_role(oid, 'MEMBER') END
"""  # noqa: S608 - our own words

_MAKE = f"""
    DO $$ BEGIN
        CREATE ROLE {NAME} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
    END $$
"""
_JOIN = f"""
    DO $$ BEGIN
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT {NAME} TO %I', current_user);
        END IF;
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
    END $$
"""  # noqa: S608
_GRANTS = (
    f"GRANT USAGE ON SCHEMA public TO {NAME}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {NAME}",
    f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {NAME}",
    f"REVOKE UPDATE ON {APPENDED} FROM {NAME}",
)


def assume(connection: Any) -> None:
    """Takes the role on, on a fresh psycopg connection. A migration that was not run yet is no reason to fail."""
    was = connection.autocommit
    connection.autocommit = True
    connection.execute(ASSUME)
    connection.autocommit = was


def make_and_grant(connection: Connection) -> bool:
    """Makes the role where we may, joins it, and lets it use every table; False where there is none.

    Without it we act as the owner, whom row security binds too (FORCE); only a superuser is never without it.
    """
    connection.execute(text(_MAKE))
    connection.execute(text(_JOIN))
    if not connection.scalar(text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :name)"), {"name": NAME}):
        return False
    has_log = connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": APPENDED})
    for grant in _GRANTS:
        if has_log or APPENDED not in grant:  # the migrations may have gone back to before it
            connection.execute(text(grant))
    return True
