"""Rotation of key-encryption keys: while others read, ended half-way, and after it without the old key."""

from __future__ import annotations

import base64
import os
import threading

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cli import rewrap
from cli.main import main
from core import batches, envelope, idempotency, sealed, vault, webhooks
from core.db.base import Base
from core.db.tables import Batch, EnvelopeKey, Job, WebhookEndpoint
from core.settings import settings
from core.transaction import transaction


def rotate():
    return rewrap.rewrap_all(transaction, lambda _table, _count: None)


def used() -> dict[str, int]:
    with transaction() as db:
        return dict(rewrap.usage(db))


def test_every_table_with_a_data_key_is_rotated():
    with_keys = {table.name for table in Base.metadata.sorted_tables if "data_key" in table.columns}
    assert with_keys == {table.__tablename__ for table in rewrap.BOUND_TO}


def test_everything_opens_under_the_new_key_alone(ring, one_of_each, organization_id):
    ring("k2", "k1")
    assert rotate() == 5
    ring("k2")
    with transaction() as db:
        job = db.get_one(Job, one_of_each["jobs"])
        assert sealed.open_picture(job) == b"SPECIMEN picture"
        assert sealed.open_result(job)["fields"]["surname"]["value"] == "SPECIMEN"
        assert len(webhooks.signing_keys(db.get_one(WebhookEndpoint, one_of_each["webhook_endpoints"]), job.created_at))
        assert batches.names_of(db.get_one(Batch, one_of_each["batches"])) == ["passport.jpg"]
        answer = idempotency.replay(db, organization_id, "a key", b"fingerprint")
        assert answer is not None
        assert answer.body == b"SPECIMEN answer"
        pair = db.get_one(EnvelopeKey, one_of_each["envelope_keys"])
        assert envelope.symmetric_key(pair, "AAAA").is_known is False, "its private key was opened for that"
    assert used() == {"k2": 5}


def test_nobody_fails_to_read_while_keys_rotate(ring, received, monkeypatch):
    made = [received() for _ in range(12)]
    ring("k2", "k1")
    monkeypatch.setattr(rewrap, "BATCH", 2)
    failed, read, stop = [], [], threading.Event()

    def keep_reading() -> None:
        while not stop.is_set():
            for job in made:
                try:
                    with transaction() as db:
                        row = db.get_one(Job, job.id)
                    sealed.open_result(row)
                    sealed.open_picture(row)
                    read.append(row.key_id)
                except Exception as error:  # noqa: BLE001 - whatever it is, a read failed
                    failed.append(error)

    readers = [threading.Thread(target=keep_reading) for _ in range(3)]
    for reader in readers:
        reader.start()
    while not read:
        pass
    assert rotate() == 12
    while "k2" not in read[-3:]:
        pass
    stop.set()
    for reader in readers:
        reader.join()
    assert failed == []
    assert {"k2"} < set(read), "some reads came before and some after"


def test_rotation_that_was_ended_goes_on_where_it_was(ring, received, monkeypatch):
    for _ in range(5):
        received()
    ring("k2", "k1")
    monkeypatch.setattr(rewrap, "BATCH", 2)

    def die(_table: str, _count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrap.rewrap_all(transaction, die)
    assert used()["k2"] == 2
    assert rotate() == 3
    assert used() == {"k2": 5}


def test_row_that_somebody_holds_is_left_for_the_next_pass(ring, received, monkeypatch):
    held, free = received(), received()
    ring("k2", "k1")
    monkeypatch.setattr(rewrap, "PASSES", 1)
    with transaction() as db:
        db.execute(select(Job.id).where(Job.id == held.id).with_for_update())
        assert rotate() == 1
        assert db.get_one(Job, free.id).key_id == "k2"
    assert rotate() == 1
    assert used() == {"k2": 2}


def test_rotation_changes_nothing_that_a_client_sees(ring, received):
    job = received()
    ring("k2", "k1")
    rotate()
    with transaction() as db:
        assert db.get_one(Job, job.id).version == job.version


def test_wrong_key_of_the_right_name_changes_nothing(ring, received, monkeypatch):
    received()
    wrong = "k1:" + base64.b64encode(bytes(range(32))).decode()
    ring("k2", "k1")
    monkeypatch.setenv("IDMILL_VAULT_KEYS", os.environ["IDMILL_VAULT_KEYS"].partition(",")[0] + "," + wrong)
    settings.cache_clear()
    vault.vault.cache_clear()
    answer = CliRunner().invoke(main, ["vault", "rotate"])
    assert answer.exit_code == 1
    assert "did not open" in answer.output
    assert used() == {"k1": 1}


def test_command_rotates_and_says_what_still_needs_the_old_key(ring, received):
    received()
    ring("k2", "k1")
    answer = CliRunner().invoke(main, ["vault", "rotate"])
    assert answer.exit_code == 0, answer.output
    assert "1 data keys wrapped anew; all are under k2" in answer.output
    shown = CliRunner().invoke(main, ["vault", "keys"])
    assert "first: wraps new ones" in shown.output


def test_command_refuses_while_a_key_in_use_is_missing(ring, received):
    received()
    ring("k2")
    answer = CliRunner().invoke(main, ["vault", "rotate"])
    assert answer.exit_code == 1
    assert "lacks k1" in answer.output
    assert "MISSING" in CliRunner().invoke(main, ["vault", "keys"]).output


def test_new_key_can_be_used_as_it_is_printed():
    printed = CliRunner().invoke(main, ["vault", "new", "k7"]).output.strip()
    assert list(vault.parse_keys(printed)) == ["k7"]
    assert printed != CliRunner().invoke(main, ["vault", "new", "k7"]).output.strip()
    assert CliRunner().invoke(main, ["vault", "new", "a,b"]).exit_code == 2
