"""The audit log: everything that is done is in it, nobody changes it, and nothing of a document is in it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from cli.main import main
from core import audit, jobs, keys, organizations, sealed
from core.audit import Action
from core.db.tables import Job
from core.keys import Scope
from core.transaction import transaction

READING = {"fields": {"surname": {"value": "SPECIMENOVA"}}}


def entries(organization_id, **wanted) -> list[tuple[str, str, str]]:
    assert audit.flush()
    with transaction() as db:
        rows = audit.page(db, organization_id=organization_id, limit=1000, **wanted)
        return [(row.actor, row.action, row.subject) for row in rows]


def test_life_of_a_key_is_written_down_with_who_did_it(organization_id):
    audit.act_as("operator:SPECIMEN")
    with transaction() as db:
        old = keys.issue(db, organization_id, label="x", scopes=[Scope.JOBS_READ]).public_id
        new = keys.rotate(db, old, grace=timedelta(hours=1)).public_id
        keys.revoke(db, new)
        organizations.change(db, organization_id, result_days=30)
    written = entries(organization_id)
    for action, subject in (
        ("key.issued", old),
        ("key.rotated", old),
        ("key.revoked", new),
        ("organization.changed", str(organization_id)),
    ):
        assert ("operator:SPECIMEN", action, subject) in written
    assert all(subject for _, _, subject in written)


def test_what_is_rolled_back_was_not_done(organization_id):
    before = entries(organization_id)

    def fail() -> None:
        with transaction() as db:
            keys.issue(db, organization_id, label="x", scopes=[])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert entries(organization_id) == before


def test_every_look_at_a_result_is_written_down_and_no_value_of_it(accept, claim, organization_id):
    job = claim(accept())
    with transaction(organization_id) as db:
        jobs.receive(db, job, READING)
    audit.act_as("key:0123456789abcdef")
    for _ in range(2):
        with transaction(organization_id) as db:
            assert sealed.open_result(db.get_one(Job, job.id)) == READING
    with transaction(organization_id) as db:
        jobs.erase(db, organization_id, job.id)
    written = entries(organization_id)
    assert written.count(("key:0123456789abcdef", "result.read", str(job.id))) == 2
    assert ("key:0123456789abcdef", "job.erased", str(job.id)) in written
    assert "SPECIMENOVA" not in str(written)


def test_nobody_changes_an_entry_or_deletes_a_young_one(organization_id):
    with transaction() as db:
        audit.note(db, Action.KEY_ISSUED, organization_id, "SPECIMEN")

    def tamper(statement: str, *, first: str) -> None:
        with transaction() as db:
            db.execute(text(first))
            db.execute(text(statement))

    for statement in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        for first in ("SELECT 1", "SET LOCAL ROLE NONE"):  # as a process, as the owner
            with pytest.raises(ProgrammingError):
                tamper(statement, first=first)
    assert any(subject == "SPECIMEN" for _, _, subject in entries(organization_id))


def test_one_organization_does_not_see_anothers_entries(organization_id):
    with transaction() as db:
        stranger = organizations.create(db, "SPECIMEN stranger").id
    with transaction(stranger) as db:
        seen = {row.organization_id for row in audit.page(db, limit=1000)}
    assert seen == {stranger}


def test_command_lists_and_exports_whole_and_by_what_is_asked(organization_id, monkeypatch):
    from cli import audit_log

    monkeypatch.setattr(audit_log, "PAGE", 2)
    with transaction() as db:
        for number in range(5):
            audit.note(db, Action.ENDPOINT_CREATED, organization_id, f"SPECIMEN{number}")
    asked = ["--organization", str(organization_id), "--action", "webhook_endpoint.created"]
    listed = CliRunner().invoke(main, ["audit", "list", *asked])
    assert listed.exit_code == 0, listed.output
    assert listed.output.count("SPECIMEN") == 5
    exported = CliRunner().invoke(main, ["audit", "export", *asked]).output
    subjects = [json.loads(line)["subject"] for line in exported.splitlines()]
    assert sorted(subjects) == [f"SPECIMEN{number}" for number in range(5)], "each once, over three pages"
    table = CliRunner().invoke(main, ["audit", "export", "--format", "csv", *asked]).output
    assert [row["subject"] for row in csv.DictReader(io.StringIO(table))] == subjects
