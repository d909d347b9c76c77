"""Hostile files and abused multipart bodies: each gets an answer that says why, and the next upload is read."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from core.db.tables import Job
from core.settings import settings
from core.states import JobState
from core.transaction import transaction
from worker import hold
from worker.run_job import run_next_job

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "PDF")
ROUNDS = 10


def saved(picture_format, seed, size=(64, 96)):
    noise = np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, picture_format)
    return stream.getvalue()


def truncated(chance, picture_format):
    whole = saved(picture_format, chance.random_seed)
    return whole[: chance.randrange(12, len(whole))]


def flipped(chance, picture_format):
    content = bytearray(saved(picture_format, chance.random_seed))
    for _ in range(chance.randrange(1, 60)):
        content[chance.randrange(12, len(content))] = chance.randrange(256)
    return bytes(content)


def spliced(chance, picture_format):
    """The head of one format, the body of another."""
    other = saved(chance.choice(FORMATS), chance.random_seed + 1)
    cut = chance.randrange(16, 64)
    return saved(picture_format, chance.random_seed)[:cut] + other[cut:]


def png_chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def bomb(chance, _):
    """Promises far more pixels than it holds, or unpacks to them."""
    side = chance.choice([20_000, 65_535, 2**31 - 1])
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(50_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def metadata_bomb(chance, _):
    """A small picture with a compressed text that unpacks to 100 MB."""
    text = b"k\0\0" + zlib.compress(bytes(100_000_000), 9)
    whole = saved("PNG", chance.random_seed)
    return whole[:33] + png_chunk(b"zTXt", text) + whole[33:]


def endless_tiff(chance, _):
    """An image directory that points to itself."""
    del chance
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<HHHII", 1, 256, 3, 1, 64) + struct.pack("<I", 8)


def polyglot(chance, _):
    """A PDF behind a script behind a GIF's head."""
    return (
        b"GIF89a/*" + bytes(chance.randrange(100)) + b"*/=1;<script>alert(1)</script>%PDF-1.7\n" + chance.randbytes(500)
    )


def noise(chance, picture_format):
    return saved(picture_format, 1)[:12] + chance.randbytes(chance.randrange(20, 5000))


MAKERS = (truncated, flipped, spliced, noise)
LONE_MAKERS = (bomb, metadata_bomb, endless_tiff, polyglot)


def hostile_files():
    """200 of them, the same every time."""
    makers = [(maker, name) for maker in MAKERS for name in FORMATS[:4]] + [(maker, "PNG") for maker in LONE_MAKERS]
    for number in range(ROUNDS):
        for maker, name in makers:
            chance = random.Random(f"{maker.__name__}/{name}/{number}")
            chance.random_seed = number
            yield f"{maker.__name__}-{name}-{number}", maker(chance, name)


def upload(client, content, name="card.jpg"):
    return client.post("/v1/jobs", files={"image": (name, content)}, data={"document": "mrz"})


def read_all():
    while True:
        with transaction() as db:
            db.execute(update(Job).where(Job.state == JobState.QUEUED).values(next_attempt_at=func.now()))
            if not db.scalar(select(func.count()).where(Job.state == JobState.QUEUED)):
                return
        run_next_job()


@pytest.mark.timeout(600)
def test_two_hundred_hostile_files_are_refused_or_fail_with_a_reason(client, picture, monkeypatch):
    monkeypatch.setattr(settings(), "read_seconds", 20.0)
    files = list(hostile_files())
    assert len(files) == 200
    accepted = {}
    for name, content in files:
        answer = upload(client, content)
        assert answer.status_code in {202, 400, 413, 415, 422}, f"{name}: {answer.status_code} {answer.text}"
        if answer.status_code == 202:
            accepted[answer.json()["id"]] = name
    good = upload(client, picture).json()["id"]
    try:
        read_all()
    finally:
        hold.close()
    assert len(accepted) > 100
    with transaction() as db:
        rows = {str(row.id): row for row in db.scalars(select(Job).where(Job.id.in_([*accepted, good])))}
    hurt = {accepted[one]: row.trouble for one, row in rows.items() if one != good and (row.crashes or row.claims > 1)}
    assert hurt == {}, "a file ended its reader"
    assert {row.state for row in rows.values()} <= {JobState.RECEIVED, JobState.FAILED}
    assert rows[good].failure["reason"] in {"no_document", "no_mrz", "too_small"}


HEAD = b'Content-Disposition: form-data; name="image"; filename="x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
ABUSES = {
    "no end": b"--b\r\n" + HEAD + JPEG,
    "no head": b"--b\r\n\r\n" + JPEG + b"\r\n--b--",
    "another boundary": b"--c\r\n" + HEAD + JPEG + b"\r\n--c--",
    "nothing": b"",
    "only an end": b"--b--\r\n",
    "a thousand files": b"".join(b"--b\r\n" + HEAD + b"x\r\n" for _ in range(1100)) + b"--b--",
    "two thousand fields": b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(2000)
    )
    + b"--b--",
    "a field of two megabytes": b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n' + b"x" * 2_000_000,
    "a header of a megabyte": b"--b\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n" + HEAD + JPEG + b"\r\n--b--",
    "a hundred headers": b"--b\r\n" + b"X-A: b\r\n" * 100 + HEAD + JPEG + b"\r\n--b--",
    "a name of bytes": b'--b\r\nContent-Disposition: form-data; name="\xff\xfe\x00"\r\n\r\nx\r\n--b--',
    "no disposition": b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG + b"\r\n--b--",
    "a charset nobody has": b'--b\r\nContent-Disposition: form-data; name="document"\r\n'
    b"Content-Type: text/plain; charset=klingon\r\n\r\nmrz\r\n--b--",
    "a long preamble": b"x" * 500_000 + b"\r\n--b\r\n" + HEAD + JPEG + b"\r\n--b--",
    "a long epilogue": b"--b\r\n" + HEAD + b"not a picture" + b"\r\n--b--" + b"x" * 500_000,
    "bare line feeds": (b"--b\n" + HEAD + JPEG + b"\n--b--").replace(b"\r\n", b"\n"),
    "a name that climbs": b'--b\r\nContent-Disposition: form-data; name="image"; filename="../../etc/passwd"\r\n\r\nx'
    b"\r\n--b--",
}


@pytest.mark.parametrize("abuse", ABUSES)
def test_abused_multipart_is_refused_with_a_problem_document_and_the_next_upload_is_taken(client, picture, abuse):
    answer = client.post("/v1/jobs", content=ABUSES[abuse], headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code in {400, 413, 415, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 10
    assert upload(client, picture).status_code == 202


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 5000, "x", ""],
)
def test_content_type_that_cannot_be_used_is_refused(client, content_type):
    answer = client.post("/v1/jobs", content=ABUSES["no end"], headers={"Content-Type": content_type})
    assert answer.status_code in {400, 415, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["../../x.jpg", "x\0.jpg", "'; DROP TABLE jobs; --.jpg", "ü" * 300, "con", ".", ""])
def test_name_of_the_file_does_not_matter(client, picture, name):
    assert upload(client, picture, name or "x").status_code == 202


def test_two_files_under_one_name_are_one_upload(client, picture):
    files = [("image", ("a.png", picture)), ("image", ("b.png", picture))]
    answer = client.post("/v1/jobs", files=files, data={"document": "mrz"})
    assert answer.status_code in {202, 422}
