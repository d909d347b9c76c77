"""A copy of everything, the wipe, and everything back: rows, pictures, and the open jobs whose picture was missed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from cli import kept_copy
from cli.main import main
from core import jobs, sealed, settings, storage
from core.db.base import Base
from core.db.tables import Job
from core.documents import DocumentKind
from core.transaction import transaction


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def rows() -> dict[str, int]:
    with transaction() as db:
        return {
            table.name: db.scalars(text(f"SELECT count(*) FROM {table.name}")).one()
            for table in Base.metadata.sorted_tables
            if table.name != "audit_log"  # that a copy was made and brought back is written down meanwhile
        }


def blobs() -> dict[str, str]:
    place = Path(os.environ["IDMILL_BLOBS"])
    return {
        str(file.relative_to(place)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in place.rglob("*")
        if file.is_file()
    }


def wipe() -> None:
    with transaction() as db:
        db.execute(text("SET LOCAL ROLE NONE"))
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
    for child in Path(os.environ["IDMILL_BLOBS"]).iterdir():
        shutil.rmtree(child)


@pytest.fixture
def waiting(organization_id):
    """A job that waits, with its picture."""

    def make() -> Job:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            return jobs.accept(db, picture, jobs.Request(document=DocumentKind.MRZ))

    return make


def test_after_a_wipe_every_session_and_picture_is_back(ring, received, waiting, one_of_each, tmp_path):
    read, open_one = received(), waiting()
    before = rows(), blobs()
    made = run("backup", str(tmp_path / "copy"))
    assert made.exit_code == 0, made.output
    wipe()
    assert blobs() == {}
    restored = run("restore", str(tmp_path / "copy"))
    assert restored.exit_code == 0, restored.output
    assert (rows(), blobs()) == before
    with transaction() as db:
        assert sealed.open_result(db.get_one(Job, read.id))["fields"]["surname"]["value"] == "SPECIMEN"
        assert sealed.open_picture(db.get_one(Job, open_one.id)) == b"SPECIMEN picture"
        assert db.get_one(Job, open_one.id).state == "queued"


def test_copy_holds_nothing_that_opens_it_and_is_for_its_owner_only(ring, received, tmp_path):
    received()
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    everything = b"".join(file.read_bytes() for file in (tmp_path / "copy").rglob("*") if file.is_file())
    for secret in ("IDMILL_VAULT_KEYS", "IDMILL_KEY_PEPPER"):
        assert os.environ[secret].rpartition(":")[2].encode() not in everything
    assert b"SPECIMEN picture" not in everything
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0


def test_database_that_holds_something_is_not_overwritten_unless_asked(ring, received, tmp_path):
    received()
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    late = received()
    refused = run("restore", str(tmp_path / "copy"))
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    with transaction() as db:
        assert db.get(Job, late.id) is not None
    assert run("restore", "--replace", str(tmp_path / "copy")).exit_code == 0
    with transaction() as db:
        assert db.get(Job, late.id) is None


def test_open_job_without_a_picture_ends_and_is_not_tried_for_ever(ring, waiting, tmp_path, monkeypatch):
    job = waiting()
    monkeypatch.setattr(kept_copy, "_copy_blobs", _copies_nothing)  # as if each had ended while this ran
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    restored = run("restore", "--replace", str(tmp_path / "copy"))
    assert restored.exit_code == 0, restored.output
    assert "1 open jobs had no picture" in restored.output
    with transaction() as db:
        ended = db.get_one(Job, job.id)
        assert (ended.state, ended.failure["reason"]) == ("failed", "reader_failed")


def _copies_nothing(_keys, place: Path) -> int:
    place.mkdir(exist_ok=True)
    return 0


def test_picture_that_came_while_the_database_was_dumped_is_in_the_copy(ring, waiting, tmp_path, monkeypatch):
    late = []
    copy = kept_copy._copy_blobs

    def copy_then_accept(keys, place: Path) -> int:
        copied = copy(keys, place)
        if not late:
            late.append(waiting())
        return copied

    monkeypatch.setattr(kept_copy, "_copy_blobs", copy_then_accept)
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    assert (tmp_path / "copy" / "blobs" / late[0].picture_key).exists()


def test_copy_is_refused_where_its_keys_are_not_at_hand(ring, received, tmp_path, monkeypatch):
    received()
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    ring("k9")
    refused = run("restore", "--replace", str(tmp_path / "copy"))
    assert "lacks k1" in refused.output
    ring("k1")
    monkeypatch.setenv("IDMILL_KEY_PEPPER", "another pepper " * 4)
    settings.settings.cache_clear()
    assert "IDMILL_KEY_PEPPER" in run("restore", "--replace", str(tmp_path / "copy")).output


def test_half_a_copy_is_none(ring, tmp_path):
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    assert "directory of its own" in run("backup", str(tmp_path / "copy")).output
    about = tmp_path / "copy" / kept_copy.ABOUT
    said = json.loads(about.read_text())
    about.unlink()
    assert "no whole copy" in run("restore", str(tmp_path / "copy")).output
    about.write_text(json.dumps({**said, "format": 2}))
    assert "another release" in run("restore", str(tmp_path / "copy")).output


def test_damaged_dump_leaves_nothing_half_restored(ring, received, tmp_path):
    received()
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    dump = tmp_path / "copy" / kept_copy.DUMP
    dump.write_bytes(dump.read_bytes()[:-2000])
    failed = run("restore", "--replace", str(tmp_path / "copy"))
    assert failed.exit_code == 1
    assert "pg_restore ended" in failed.output
    with transaction() as db:
        tables = db.scalars(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).one()
    assert tables == 0
    assert storage.blobs().free_bytes()
