"""RSA keys of an organization: made, rotated, sealed at rest; and the two ways in which ciphertext travels."""

from __future__ import annotations

import base64
import secrets
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from sqlalchemy import select

from core import envelope, errors
from core.db.tables import EnvelopeKey
from core.envelope import Service
from core.settings import Settings, settings
from core.transaction import transaction


@pytest.fixture(scope="module")
def pair(settings_env):
    """One RSA key for all tests here; making one takes a second."""
    return envelope.fresh_pair()


@pytest.fixture
def key(organization_id, pair):
    with transaction() as db:
        return envelope.rotate(db, organization_id, Service.ID_CARD, pair)


def sealed_under(key, plain):
    public = load_der_public_key(key.public_key)
    return base64.b64encode(public.encrypt(plain, padding.PKCS1v15())).decode()


def test_new_key_has_the_bits_of_the_setting(pair):
    assert load_der_public_key(pair.public_key).key_size == settings().envelope_bits == 3072


def test_old_clients_may_have_2048_bits_and_nobody_less(monkeypatch):
    monkeypatch.setenv("IDMILL_ENVELOPE_BITS", "2048")
    assert Settings().envelope_bits == 2048
    monkeypatch.setenv("IDMILL_ENVELOPE_BITS", "1024")
    with pytest.raises(ValueError, match="2048"):
        Settings()


def test_sealed_key_opens(key):
    plain = secrets.token_bytes(32)
    opened = envelope.symmetric_key(key, sealed_under(key, plain))
    assert (opened.plain, opened.is_known) == (plain, True)
    assert plain.hex() not in repr(opened)


def test_private_key_is_sealed_in_the_row(key, pair):
    private = load_der_private_key(pair.private_key, None)
    prime = private.private_numbers().p.to_bytes(192)
    with transaction() as db:
        row = db.scalars(select(EnvelopeKey).where(EnvelopeKey.id == key.id)).one()
    stored = row.private_key + row.data_key + row.public_key
    assert pair.private_key not in stored
    assert prime not in stored


def test_row_of_one_organization_does_not_open_as_anothers(key):
    from uuid import uuid4

    from core.vault import VaultError

    stolen = EnvelopeKey(
        id=key.id, organization_id=uuid4(), key_id=key.key_id, data_key=key.data_key, private_key=key.private_key
    )
    with pytest.raises(VaultError):
        envelope.symmetric_key(stolen, "AAAA")


def test_versions_count_up_per_organization_and_service(organization_id, pair):
    with transaction() as db:
        made = [
            envelope.rotate(db, organization_id, service, pair).version
            for service in (Service.ID_CARD, Service.ID_CARD, Service.CREDIT_CARD)
        ]
    assert made == [0, 1, 0]


def test_fetches_at_the_same_time_make_one_key(organization_id, pair):
    made = []

    def fetch():
        with transaction() as db:
            made.append(envelope.rotate_if_due(db, organization_id, Service.ID_CARD, pair).version)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [0] * 6


def test_key_of_another_organization_is_unknown(key):
    from uuid import uuid4

    with transaction() as db:
        assert envelope.find(db, key.organization_id, Service.ID_CARD, "0").id == key.id
        for organization_id, service, version in (
            (uuid4(), Service.ID_CARD, "0"),
            (key.organization_id, Service.CREDIT_CARD, "0"),
            (key.organization_id, Service.ID_CARD, "1"),
        ):
            with pytest.raises(errors.EnvelopeKeyUnknown):
                envelope.find(db, organization_id, service, version)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
def test_what_is_sealed_opens_again(key, size):
    symmetric = envelope.symmetric_key(key, sealed_under(key, secrets.token_bytes(32)))
    text = "x" * size
    assert envelope.unseal(symmetric, base64.b64decode(envelope.seal(symmetric, text))) == (text.encode(), True)


def test_every_wrong_padding_is_wrong(key):
    symmetric = envelope.symmetric_key(key, sealed_under(key, secrets.token_bytes(32)))
    for last in (0, 17, 32, 255):
        block = bytes(15) + bytes([last])
        assert not envelope.unseal(symmetric, raw(symmetric, block))[1]
    assert not envelope.unseal(symmetric, raw(symmetric, b"\x03" * 13 + b"\x02\x03\x03"))[1]
    assert envelope.unseal(symmetric, raw(symmetric, b"\x10" * 16)) == (b"", True)
    assert not envelope.unseal(symmetric, b"")[1]
    assert not envelope.unseal(symmetric, raw(symmetric, b"\x10" * 16) + b"x")[1]


def raw(symmetric, block):
    encryptor = envelope._cipher(symmetric.plain).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def test_part_is_base64_only_when_all_of_it_is():
    content = secrets.token_bytes(1000)
    assert envelope.part_of(content) == content
    assert envelope.part_of(base64.b64encode(content)) == content
    assert envelope.part_of(base64.encodebytes(content)) == content
    assert envelope.part_of(b"\n" * 300_000 + b"!") == b"\n" * 300_000 + b"!"  # and at once
