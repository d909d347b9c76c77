"""The doctor: each thing that can be wrong with a set-up is found, and nothing else is said to be."""

from __future__ import annotations

import base64
import json
import socket
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from sqlalchemy import text

from cli import diagnosis
from cli.diagnosis import Verdict
from cli.main import main
from core import broker, storage, vault
from core.db import engine
from core.db.tables import Heartbeat
from core.settings import settings
from core.transaction import transaction


def forget() -> None:
    for known in (settings, vault.vault, broker.celery, storage.blobs):
        known.cache_clear()


@pytest.fixture
def set_up(settings_env, monkeypatch):
    """A set-up as it should be, and a way to change it."""
    with transaction() as db:
        db.execute(text("DELETE FROM heartbeats"))
        db.add(Heartbeat(name="sweeper"))

    def change(**variables: str | None) -> None:
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, value)
        forget()

    change()
    yield change
    monkeypatch.undo()
    for name, value in settings_env.items():
        monkeypatch.setenv(name, value)
    forget()


def found(check) -> list[diagnosis.Finding]:
    return list(check())


def wrongs(findings) -> list[str]:
    return [finding.said for finding in findings if finding.verdict is Verdict.WRONG]


def test_good_set_up_has_nothing_wrong_but_what_tests_do_to_postgres(set_up):
    findings = list(diagnosis.examine())
    assert wrongs(findings) == ["Postgres may lose what was accepted: fsync, full_page_writes, synchronous_commit off."]
    checks = {finding.check for finding in findings}
    assert checks >= {"settings", "secrets", "database", "clock", "migrations", "broker", "valkey"}
    assert checks >= {"blobs", "disk", "vault", "sweeper", "workers", "machine"}


def test_everything_that_is_wrong_comes_with_how_to_mend_it(set_up, tmp_path):
    set_up(IDMILL_KEY_PEPPER="change me", REDIS_URL="redis://127.0.0.1:1/0", IDMILL_BLOBS="/proc/nowhere")
    findings = list(diagnosis.examine())
    assert len(wrongs(findings)) >= 4
    assert all(finding.mend for finding in findings if finding.verdict is Verdict.WRONG)


def test_missing_setting_is_named_and_no_value_is_shown(set_up):
    set_up(IDMILL_KEY_PEPPER=None)
    findings = list(diagnosis.examine())
    assert [finding.check for finding in findings] == ["settings"]
    assert "IDMILL_KEY_PEPPER" in findings[0].said
    assert "openssl rand" in findings[0].mend


@pytest.mark.parametrize("pepper", ["short", "a" * 64, "please-change-me-please-change-me-please-change-me"])
def test_pepper_that_can_be_guessed_is_wrong(set_up, pepper):
    set_up(IDMILL_KEY_PEPPER=pepper)
    assert wrongs(found(diagnosis.check_secrets)) == ["IDMILL_KEY_PEPPER is short, made up or used twice."]


@pytest.mark.parametrize("key", [bytes(32), b"k" * 32, b"example-key-of-thirty-two-bytes!"])
def test_vault_key_that_can_be_guessed_is_wrong(set_up, key):
    set_up(IDMILL_VAULT_KEYS=f"k1:{base64.b64encode(key).decode()}")
    assert wrongs(found(diagnosis.check_secrets)) == ["IDMILL_VAULT_KEYS is short, made up or used twice."]


def test_vault_keys_that_cannot_be_read_end_the_examination(set_up):
    set_up(IDMILL_VAULT_KEYS="k1:notbase64")
    findings = list(diagnosis.examine())
    assert [finding.verdict for finding in findings] == [Verdict.WRONG]
    assert "notbase64" not in findings[0].said


def test_tables_of_another_release_are_wrong(set_up):
    with transaction() as db:
        head = db.scalars(text("SELECT version_num FROM alembic_version")).one()
        db.execute(text("SET LOCAL ROLE NONE"))
        db.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        assert "at 0001" in wrongs(found(diagnosis.check_migrations))[0]
    finally:
        with transaction() as db:
            db.execute(text("SET LOCAL ROLE NONE"))
            db.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    assert wrongs(found(diagnosis.check_migrations)) == []


def test_database_that_is_away_is_said_once_and_hides_nothing_else(set_up, settings_env):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        set_up(DATABASE_URL=f"postgresql+psycopg://idmill:x@127.0.0.1:{taken.getsockname()[1]}/idmill")
        engine.forget_engine()
        try:
            findings = list(diagnosis.examine())
        finally:
            engine.forget_engine()
    assert any("Postgres does not answer" in said for said in wrongs(findings))
    assert any(finding.check == "blobs" and finding.verdict is Verdict.GOOD for finding in findings)


def test_clock_that_is_wrong_is_found(set_up, monkeypatch):
    now = diagnosis.time.time()
    monkeypatch.setattr(diagnosis.time, "time", lambda: now - 3600)
    assert "apart" in wrongs(found(diagnosis.check_clock))[0]


def test_valkey_that_forgets_or_drops_is_found(set_up, settings_env):
    with redis.Redis.from_url(settings_env["REDIS_URL"]) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            findings = found(diagnosis.check_broker)
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert wrongs(findings) == ["Valkey drops messages when it is full (allkeys-lru)."]
    assert any("append-only" in finding.said for finding in findings if finding.verdict is Verdict.DOUBT)


def test_valkey_without_a_password_is_found(set_up, settings_env):
    with redis.Redis.from_url(settings_env["REDIS_URL"]) as client:
        password = client.config_get("requirepass")["requirepass"]
        client.config_set("requirepass", "")
        try:
            said = wrongs(found(diagnosis.check_broker))
        finally:
            client.config_set("requirepass", password)
    assert said == ["Valkey answers without a password: whoever reaches it can make workers work."]


def test_blobs_that_cannot_be_written_are_found(set_up):
    set_up(IDMILL_BLOBS="/proc/nowhere")
    assert "cannot be stored" in wrongs(found(diagnosis.check_blobs))[0]


def test_full_disk_is_found(set_up):
    set_up(IDMILL_DISK_FLOOR_BYTES=str(2**60))
    assert "uploads are refused below" in wrongs(found(diagnosis.check_blobs))[0]


def test_probe_of_the_blobs_leaves_nothing_behind(set_up, settings_env):
    found(diagnosis.check_blobs)
    assert [file for file in Path(settings_env["IDMILL_BLOBS"]).rglob("*") if file.is_file()] == []


def test_key_that_opens_nothing_here_is_found(set_up, ring, received):
    received()
    ring("k9")
    assert "which IDMILL_VAULT_KEYS lacks" in wrongs(found(diagnosis.check_vault))[0]
    ring("k9", "k1")
    doubts = [finding.mend for finding in found(diagnosis.check_vault) if finding.verdict is Verdict.DOUBT]
    assert doubts == ["Run: idmill vault rotate."]
    set_up(IDMILL_VAULT_KEYS=f"k1:{base64.b64encode(bytes(range(32))).decode()}")
    assert "is not the one that sealed" in wrongs(found(diagnosis.check_vault))[0]


def test_sweeper_that_is_silent_or_never_was_is_found(set_up):
    with transaction() as db:
        db.execute(text("UPDATE heartbeats SET at = now() - interval '10 minutes'"))
    assert "silent for 600 s" in wrongs(found(diagnosis.check_work))[0]
    with transaction() as db:
        db.execute(text("DELETE FROM heartbeats"))
    assert "No sweeper was ever here." in wrongs(found(diagnosis.check_work))


def test_command_says_it_and_its_exit_code_too(set_up):
    answer = CliRunner().invoke(main, ["doctor", "--json"])
    assert answer.exit_code == 1, "the tests' Postgres does not flush"
    assert {finding["verdict"] for finding in json.loads(answer.output)} >= {"good", "wrong"}
    assert "fsync" in CliRunner().invoke(main, ["doctor"]).output


def test_no_secret_is_ever_printed(set_up, settings_env):
    said = CliRunner().invoke(main, ["doctor"]).output + CliRunner().invoke(main, ["doctor", "--json"]).output
    password = settings_env["DATABASE_URL"].partition("://idmill:")[2].partition("@")[0]
    for secret in (settings_env["IDMILL_KEY_PEPPER"], settings_env["IDMILL_VAULT_KEYS"][3:], password):
        assert secret not in said
