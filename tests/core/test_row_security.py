"""The second wall: Postgres refuses one organization another's rows, whatever a query forgets."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError

from core import jobs, organizations
from core.db import engine, role
from core.db.base import Base
from core.db.tables import Event, Job, Organization
from core.settings import settings
from core.transaction import EVERYBODY, NOBODY, act_for, for_everybody, transaction

ROOT = Path(__file__).parents[2]
OF_EVERYBODY = {"heartbeats"}  #: signs of life of processes


@pytest.fixture
def stranger(settings_env) -> uuid.UUID:
    """Another organization."""
    with transaction() as db:
        return organizations.create(db, "SPECIMEN stranger").id


def count(db, table=Job) -> int:
    return db.scalars(select(func.count()).select_from(table)).one()


def test_every_table_of_an_organization_is_bound_its_owner_too(settings_env):
    bound = text(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
        " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
    )
    with transaction() as db:
        assert set(db.scalars(bound)) == {table.name for table in Base.metadata.sorted_tables} - OF_EVERYBODY


def test_processes_act_as_a_role_that_owns_nothing(settings_env):
    with transaction() as db:
        assert db.scalars(text("SELECT current_user")).one() == role.NAME
        assert not db.scalars(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")).one()
    with pytest.raises(ProgrammingError), transaction() as db:
        db.execute(text("DROP TABLE jobs CASCADE"))
    with pytest.raises(ProgrammingError), transaction() as db:
        db.execute(text("ALTER TABLE jobs DISABLE ROW LEVEL SECURITY"))


def test_query_without_a_filter_finds_only_the_rows_of_whom_it_is_made_for(accept, organization_id, stranger):
    job = accept()
    with transaction(stranger) as db:
        for table in (Job, Event):
            assert count(db, table) == 0
        assert list(db.scalars(select(Organization.id))) == [stranger]
        assert db.execute(update(Job).values(version=0)).rowcount == 0
        assert db.get(Job, job.id) is None
    with transaction(organization_id) as db:
        assert db.get(Job, job.id) is not None


def test_row_of_another_organization_cannot_be_written(accept, organization_id, stranger):
    accept()
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(stranger) as db:
        db.add(Event(organization_id=organization_id, sequence=10**6, type="job.failed", status="FAILED"))
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(organization_id) as db:
        db.execute(update(Job).where(Job.organization_id == organization_id).values(organization_id=stranger))


def test_nobody_sees_nothing_and_so_does_who_does_not_say(accept):
    accept()
    with transaction(NOBODY) as db:
        assert count(db) == 0
    with engine.new_session()() as db:
        assert count(db) == 0
    with transaction() as db:
        assert count(db) > 0


def test_count_that_concerns_everybody_leaves_the_wall_as_it_was(accept, stranger):
    accept()
    with transaction(stranger) as db:
        with for_everybody(db):
            assert count(db) > 0
        assert count(db) == 0


def test_setting_ends_with_its_transaction(accept, stranger):
    accept()
    for _ in range(3):  # the same connection of the pool
        with transaction(stranger) as db:
            assert count(db) == 0
        with transaction(EVERYBODY) as db:
            assert count(db) > 0


def test_what_a_context_acts_for_ends_with_the_context(accept, stranger):
    import contextvars

    accept()

    def bound() -> int:
        act_for(stranger)
        with transaction() as db:
            return count(db)

    assert contextvars.copy_context().run(bound) == 0
    with transaction() as db:
        assert count(db) > 0


def test_superusers_url_is_bound_all_the_same(accept, stranger, postgres, database_url, monkeypatch):
    accept()
    login = f"postgres:{postgres.superuser_password}@"
    monkeypatch.setenv("DATABASE_URL", re.sub(r"idmill:[^@]+@", lambda _: login, database_url))
    for remembered in (settings, engine.engine, engine.new_session):
        remembered.cache_clear()
    try:
        with transaction(stranger) as db:
            assert db.scalars(text("SELECT session_user")).one() == "postgres"
            assert count(db) == 0
    finally:
        engine.engine().dispose()
        monkeypatch.undo()
        for remembered in (settings, engine.engine, engine.new_session):
            remembered.cache_clear()


def test_owner_is_bound_where_there_is_no_role_to_act_as(accept, stranger, database_url):
    accept()
    with psycopg.connect(database_url.replace("+psycopg", "")) as owner:
        assert owner.execute("SELECT current_user").fetchone() == ("idmill",)
        assert owner.execute("SELECT count(*) > 0 FROM jobs").fetchone() == (True,), "psql, KEDA, the release before"
        owner.execute("SELECT set_config('idmill.organization', %s, true)", [str(stranger)])
        assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_only_one_place_makes_sessions_and_the_backup_whose_moment_must_be_exported():
    makers = {
        str(file.relative_to(ROOT))
        for room in ("api", "core", "worker", "cli")
        for file in (ROOT / room).rglob("*.py")
        if re.search(r"new_session\(\)\(\)|engine\(\)\.(connect|begin)", file.read_text())
    }
    assert makers == {"core/transaction.py", "cli/kept_copy.py"}


def test_claim_of_any_job_and_record_of_one_work_under_the_wall(accept, claim):
    job = claim(accept())
    with transaction(job.organization_id) as db:
        jobs.receive(db, job, {"fields": {}})
    with transaction(job.organization_id) as db:
        assert db.get_one(Job, job.id).state == "received"


def test_connection_that_broke_in_the_pool_costs_nobody_a_request(accept, postgres):
    accept()
    with transaction() as db:
        pid = db.scalars(text("SELECT pg_backend_pid()")).one()
    with postgres.connect() as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with transaction() as db:
        assert count(db) > 0
        assert db.scalars(text("SELECT pg_backend_pid()")).one() != pid
