"""A damaged envelope tells nothing: not by its answer, not by the work it makes, not by its time."""

from __future__ import annotations

import asyncio
import base64
import random
import secrets
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import event

from core import envelope, organizations
from core.db import engine
from core.transaction import transaction
from lab.benchmarks import oracle

CALLS = 60
SEEN_BY_CHANCE = 1e-4  #: ten comparisons in every run of the tests; `python -m lab.benchmarks.oracle` looks closer


@pytest.fixture
def target(settings_env):
    """The application, and an organization without limits."""
    return oracle.make_target()


@pytest.mark.parametrize("spoil", ["header_text", "header_range", "odd_length", "no_blocks", *oracle.CLASSES])
def test_every_damaged_envelope_has_the_same_answer(target, spoil):
    good = oracle.no_picture(target)
    size = target.public_key.key_size // 8
    call = {
        "header_text": oracle.Call("not Base64!", good.image),
        "header_range": oracle.Call(base64.b64encode(b"\xff" * size).decode(), good.image),
        "odd_length": oracle.Call(good.symmetric_key, good.image[:-1]),
        "no_blocks": oracle.Call(good.symmetric_key, b"x"),
        **{name: make(target) for name, make in oracle.CLASSES.items()},
    }[spoil]
    heard = asyncio.run(oracle.send(target, call))
    assert (heard.status, heard.body) == (
        200,
        b'{"header":{"isSuccessful":false,"resultCode":4000303,"resultMessage":"Invalid encrypted data."}}',
    )


def test_every_class_makes_the_same_work(target, monkeypatch):
    work = Counter()
    loaded, cipher = envelope._private_key, envelope._cipher

    class Counted:
        def __init__(self, private):
            self.key_size, self.public_key, self._private = private.key_size, private.public_key, private

        def decrypt(self, cipher_text, scheme):
            work["rsa", len(cipher_text)] += 1
            return self._private.decrypt(cipher_text, scheme)

    class CountedCipher:
        def __init__(self, key):
            self._decryptor = cipher(key).decryptor()

        def decryptor(self):
            return self

        def update(self, content):
            work["aes", len(content)] += 1
            return self._decryptor.update(content)

        def finalize(self):
            return self._decryptor.finalize()

    def note_statement(_connection, _cursor, statement, *_):
        work["sql", statement] += 1

    monkeypatch.setattr(envelope, "_private_key", lambda *key: Counted(loaded(*key)))
    monkeypatch.setattr(envelope, "_cipher", CountedCipher)
    for make in oracle.CLASSES.values():
        asyncio.run(oracle.send(target, make(target)))
    event.listen(engine.engine(), "before_cursor_execute", note_statement)
    done = {}
    for name, make in oracle.CLASSES.items():
        work.clear()
        asyncio.run(oracle.send(target, make(target)))
        done[name] = dict(work)
    event.remove(engine.engine(), "before_cursor_execute", note_statement)
    first = done["no_rsa_block"]
    assert sum(count for (kind, _), count in first.items() if kind == "rsa") == 1
    assert any("envelope_keys" in str(name) and "UPDATE" in str(name) for _, name in first)
    assert all(one == first for one in done.values()), done


def test_classes_cannot_be_told_apart_by_time(target):
    heard = asyncio.run(oracle.measure(target, CALLS))
    assert len(oracle.bodies(heard)) == 1
    assert min(chance for *_, chance in oracle.pairs(heard)) > SEEN_BY_CHANCE


def test_measure_sees_a_difference_and_finds_none_where_there_is_none():
    noise = random.Random(5)
    same = [noise.gauss(10, 1) for _ in range(2000)]
    again = [noise.gauss(10, 1) for _ in range(2000)]
    late = [noise.gauss(10.25, 1) for _ in range(2000)]
    assert oracle.kolmogorov_smirnov(same, again)[1] > 0.01
    assert oracle.kolmogorov_smirnov(same, late)[1] < 1e-6
    assert oracle.kolmogorov_smirnov(same, same) == (0.0, 1.0)
    assert oracle.kolmogorov_smirnov([1, 2], [3, 4])[0] == 1.0


def test_tampered_values_of_a_question_have_one_answer_too(nhn, reads, png):
    reads("resident_card")
    request_key = nhn.id_card(png).request_key
    values = {"name": "홍길동", "residentNumber": "9001011234568", "issueDate": "20150320"}
    sealer = nhn.sealer()
    headers = {**nhn.envelope("id-card", sealer), "Request-Key": request_key}
    good = {name: sealer.seal_text(value) for name, value in values.items()}
    noise = base64.b64encode(secrets.token_bytes(16)).decode()
    bodies = set()
    for spoiled in (
        {"name": "plain"},
        {"name": noise},
        {"residentNumber": noise},
        {"issueDate": base64.b64encode(b"short").decode()},
        {"name": base64.b64encode(sealer.seal(b"\xff\xfe not UTF-8")).decode()},
        {"name": sealer.seal_text("a\x00b")},
    ):
        answer = nhn.send(
            "POST", "id-card/authenticity", headers=headers, json={"idType": "resident", **good, **spoiled}
        )
        bodies.add(str(answer.body))
    other = {**headers, "Symmetric-Key": nhn.sealer().under(nhn.public_key("id-card")[0])}
    answer = nhn.send("POST", "id-card/authenticity", headers=other, json={"idType": "resident", **good})
    bodies.add(str(answer.body))
    assert len(bodies) == 1
    assert "4000303" in bodies.pop()


def test_key_ends_when_too_many_envelopes_do_not_open(nhn, organization_id, reads, png):
    reads("resident_card")
    with transaction() as db:
        organizations.get(db, organization_id).most_bad_envelopes = 5
    stale, version = nhn.public_key("id-card")
    codes = [nhn.id_card(b"only words").code for _ in range(5)]
    assert codes == [4000303] * 5
    sealer = nhn.sealer()
    old = {"X-Key-Version": version, "Symmetric-Key": sealer.under(stale)}
    assert nhn.id_card(png, sealer=sealer, headers=old).code == 4000301
    assert nhn.id_card(png).code == 0  # an honest client fetches the next key
    assert nhn.public_key("id-card")[1] == "1"


def test_damaged_picture_in_a_good_envelope_counts_too(nhn, organization_id, reads, png):
    from sqlalchemy import select

    from core.db.tables import EnvelopeKey
    from core.documents import Failure, FailureReason

    reads(Failure(FailureReason.DAMAGED_PICTURE, "SPECIMEN"))
    assert nhn.id_card(png).code == 4000002
    with transaction() as db:
        mine = select(EnvelopeKey.failures).where(EnvelopeKey.organization_id == organization_id)
        assert db.scalars(mine).all() == [1]


def test_substitute_key_never_opens_anything(settings_env, organization_id):
    with transaction() as db:
        key = envelope.rotate(db, organization_id, envelope.Service.ID_CARD, envelope.fresh_pair())
    public = load_der_public_key(key.public_key)
    sealed = base64.b64encode(public.encrypt(secrets.token_bytes(31), padding.PKCS1v15())).decode()
    substitute = envelope.symmetric_key(key, sealed)
    assert len(substitute.plain) == 32
    assert not substitute.is_known
    assert envelope.symmetric_key(key, sealed) == substitute  # the same question has the same answer
    plain, is_right = envelope.unseal(substitute, base64.b64decode(envelope.seal(substitute, "SPECIMEN")))
    assert (plain, is_right) == (b"SPECIMEN", False)


def test_library_that_raises_for_wrong_padding_is_refused(monkeypatch):
    class Old:
        key_size = 1024

        def decrypt(self, *_):
            raise ValueError("Encryption/decryption failed.")

    envelope.self_test.cache_clear()
    monkeypatch.setattr(envelope.rsa, "generate_private_key", lambda *_: Old())
    with pytest.raises(RuntimeError, match="OpenSSL"):
        envelope.self_test()
    monkeypatch.undo()
    envelope.self_test()


def test_hardened_profile_opens_and_hides_equal_values(nhn, reads, png):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    reads("payment_card")
    public, version = nhn.public_key("credit-card")
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    headers = {
        "X-Envelope-Profile": "RSA-OAEP-256+A256GCM",
        "X-Key-Version": version,
        "Symmetric-Key": base64.b64encode(load_der_public_key(public).encrypt(key, oaep)).decode(),
    }

    def post(content, **more):
        return nhn.send("POST", "credit-card", headers={**headers, **more}, files={"image": ("sample.png", content)})

    sealed = nonce + AESGCM(key).encrypt(nonce, png, None)
    answer = post(sealed)
    opened = [base64.b64decode(one["value"]) for one in answer.result["cardNums"]]
    assert [AESGCM(key).decrypt(one[:12], one[12:], None) for one in opened] == [b"4000", b"1234", b"1234", b"1235"]
    assert opened[1] != opened[2]
    assert post(sealed[:-1]).code == 4000303
    assert post(sealed[:-1] + bytes([sealed[-1] ^ 1])).code == 4000303
    assert post(b"short").code == 4000303
    assert post(sealed, **{"Symmetric-Key": nhn.sealer().under(public)}).code == 4000303
    assert post(sealed, **{"X-Envelope-Profile": "RSA1_5+A256CBC"}).code == 4000303
    assert post(sealed, **{"X-Envelope-Profile": "none"}).code == 4000001
