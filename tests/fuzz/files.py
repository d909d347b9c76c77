"""Hostile files, seeded: broken, lying, swelling, looping and disguised. Each is made anew from its name and number."""

from __future__ import annotations

import http
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import httpx2
import numpy as np
from PIL import Image

Maker = Callable[[random.Random, str], bytes]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "PDF", "HEIC")
REFUSALS = {400, 413, 415, 422}
SIDES = (20_000, 65_535, 2**31 - 1)


def hostile(*, seed: int, rounds: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file: `rounds` of each kind."""
    for number in range(rounds):
        makers = [*((one, name) for one in OF_ANY_FORMAT for name in FORMATS), *OF_ONE_FORMAT]
        for position, (maker, picture_format) in enumerate(makers):
            name = f"{maker.__name__}-{picture_format}-{seed}-{number}-{position}"
            yield name, maker(random.Random(name), picture_format)


@dataclass(slots=True)
class Thrown:
    """What an API said to files."""

    sent: int = 0
    accepted: dict[str, str] = field(default_factory=dict)  #: the file's name by the id of its job
    faults: dict[str, str] = field(default_factory=dict)  #: answers that are neither taken nor refused


def throw(url: str, key: str, wanted: Iterable[tuple[str, bytes]]) -> Thrown:
    """Uploads files one after the other."""
    thrown = Thrown()
    with httpx2.Client(base_url=url, timeout=60) as client:
        for name, content in wanted:
            answer = upload(client, key, content)
            thrown.sent += 1
            if answer.status_code == http.HTTPStatus.ACCEPTED:
                thrown.accepted[answer.json()["id"]] = name
            elif answer.status_code not in REFUSALS:
                thrown.faults[name] = f"{answer.status_code} {answer.text}"
    return thrown


def upload(client: httpx2.Client, key: str, content: bytes) -> httpx2.Response:
    """One file, whatever it is."""
    headers = {"Authorization": f"Bearer {key}"}
    return client.post("/v1/jobs", files={"image": ("x", content)}, data={"document": "mrz"}, headers=headers)


def saved(chance: random.Random, picture_format: str, **options: object) -> bytes:
    """A small good file of noise."""
    if picture_format == "HEIC":
        return _heic(chance, 96, 64)
    pixels = np.random.default_rng(chance.getrandbits(32)).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, picture_format, **options)
    return stream.getvalue()


def truncated(chance: random.Random, picture_format: str) -> bytes:
    whole = saved(chance, picture_format)
    return whole[: chance.randrange(12, len(whole))]


def flipped(chance: random.Random, picture_format: str) -> bytes:
    """Bits turned anywhere, its head too."""
    content = bytearray(saved(chance, picture_format))
    for _ in range(chance.randrange(1, 60)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def shuffled(chance: random.Random, picture_format: str) -> bytes:
    """Pieces dropped, doubled and moved, behind an honest head."""
    whole = saved(chance, picture_format)
    cuts = sorted(chance.sample(range(16, len(whole)), min(8, len(whole) - 16)))
    pieces = [whole[start:end] for start, end in zip(cuts, [*cuts[1:], len(whole)], strict=True)]
    return whole[: cuts[0]] + b"".join(chance.choices(pieces, k=len(pieces) + 3))


def spliced(chance: random.Random, picture_format: str) -> bytes:
    """The head of one format, the body of another."""
    cut = chance.randrange(12, 80)
    return saved(chance, picture_format)[:cut] + saved(chance, chance.choice(FORMATS))[cut:]


def noise(chance: random.Random, picture_format: str) -> bytes:
    return saved(chance, picture_format)[:12] + chance.randbytes(chance.randrange(20, 5000))


def giant(chance: random.Random, picture_format: str) -> bytes:
    """Dimensions of thousands of millions of pixels, in a file of a few hundred bytes."""
    side = chance.choice(SIDES)
    small = min(side, 65_535)
    match picture_format:
        case "HEIC":
            whole = _heic(chance, side, side)
        case "PDF":
            whole = _pdf(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {side} {side}]/UserUnit {side}>>")
        case "GIF":
            whole = b"GIF89a" + struct.pack("<HHBBB", small, small, 0x80, 0, 0) + bytes(6) + b"," + bytes(100)
        case "JPEG":
            honest = saved(chance, "JPEG")
            at = honest.index(b"\xff\xc0") + 5
            whole = honest[:at] + struct.pack(">HH", small, small) + honest[at + 4 :]
        case "WEBP":
            body = b"VP8X" + struct.pack("<II", 10, 0x10) + (2**24 - 1).to_bytes(3, "little") * 2 + bytes(40)
            whole = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
        case "TIFF":
            whole = _tiff([(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (273, 4, 1, 8)])
        case _:
            header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
            whole = _png(("IHDR", header), ("IDAT", zlib.compress(bytes(1000))), ("IEND", b""))
    return whole


def swelling_pixels(_: random.Random, __: str) -> bytes:
    """Fifty megabytes of rows for a picture of a few."""
    header = struct.pack(">IIBBBBB", 96, 64, 8, 2, 0, 0, 0)
    return _png(("IHDR", header), ("IDAT", _swollen(bytes(1000), 50_000)), ("IEND", b""))


def swelling_metadata(chance: random.Random, _: str) -> bytes:
    """A text and a colour profile that unpack to a hundred megabytes."""
    packed = _swollen(bytes(1000), 100_000)
    whole = saved(chance, "PNG")
    return whole[:33] + _chunk("zTXt", b"k\0\0" + packed) + _chunk("iCCP", b"k\0\0" + packed) + whole[33:]


def many_frames(chance: random.Random, _: str) -> bytes:
    """Twenty thousand frames."""
    head = b"GIF89a" + struct.pack("<HHBBB", 2000, 2000, 0x80, 0, 0) + chance.randbytes(6)
    return head + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00") * 20_000 + b";"


def looping_directories(chance: random.Random, _: str) -> bytes:
    """A TIFF whose next directory is the same one, or whose strips are everywhere at once."""
    count = chance.choice((1, 60_000, 2**31))
    return _tiff([(256, 3, 1, 64), (257, 3, 1, 64), (273, 4, count, 8), (279, 4, count, 2**31)], following=8)


def broken_exif(chance: random.Random, picture_format: str) -> bytes:
    """An orientation nobody knows, directories that point to themselves, sizes beyond the end."""
    entries = [(274, 3, 1, chance.randrange(65_536)), (34_665, 4, 1, 8), (700, 1, 2**31, 8), (37_500, 7, 2**32 - 1, 8)]
    chance.shuffle(entries)
    return saved(chance, picture_format, exif=b"Exif\0\0" + _tiff(entries, following=8))


def broken_profile(chance: random.Random, picture_format: str) -> bytes:
    """A colour profile that lies about its size and its tables."""
    profile = struct.pack(">I", 2**31) + b"lcms" + chance.randbytes(24) + b"acsp" + chance.randbytes(400)
    return saved(chance, picture_format, icc_profile=profile)


def many_scans(chance: random.Random, _: str) -> bytes:
    """A progressive JPEG that says the same scan a thousand times."""
    whole = saved(chance, "JPEG", progressive=True)
    start = whole.rindex(b"\xff\xda")
    return whole[:start] + whole[start:-2] * 1000 + b"\xff\xd9"


def looping_pages(chance: random.Random, _: str) -> bytes:
    """A tree of pages that is its own child, or a page that draws itself."""
    if chance.random() < 0.5:
        return _pdf("<</Type/Pages/Kids[3 0 R 2 0 R 3 0 R]/Count 999999999/Parent 3 0 R>>")
    return _pdf(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<</XObject<</F 4 0 R>>>>/Contents 4 0 R>>",
        "<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</XObject<</F 4 0 R>>>>/Length 24>>\n"
        "stream\n/F Do /F Do /F Do /F Do \nendstream",
    )


def scripted(chance: random.Random, _: str) -> bytes:
    """A PDF that would run, open, send and embed."""
    script = chance.choice(("app.alert(1)", "while(true){}", "this.exportDataObject({cName:'x',nLaunch:2})"))
    return _pdf(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/AA<</O 4 0 R>>/Annots[5 0 R]>>",
        f"<</S/JavaScript/JS({script})>>",
        "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(/bin/sh)>>>>",
    )


def locked(chance: random.Random, _: str) -> bytes:
    """A PDF under a password nobody has."""
    secret = chance.randbytes(32).hex()
    lock = f"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O<{secret}>/U<{secret}>>>/ID[<{secret}><{secret}>]"
    return _pdf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", trailer=lock)


def swelling_page(_: random.Random, __: str) -> bytes:
    """A hundred megabytes of drawing in a hundred kilobytes."""
    packed = _swollen(b"0 0 m 200 200 l S ", 5_500_000).decode("latin-1")
    return _pdf(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
        f"<</Filter/FlateDecode/Length {len(packed)}>>\nstream\n{packed}\nendstream",
    )


def disguised(chance: random.Random, _: str) -> bytes:
    """Something else altogether, some with a head that says picture."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.jpg", saved(chance, "JPEG"))
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/><script>alert(1)</script></svg>'
    )
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>'
    page = b"<!doctype html><script>fetch('http://169.254.169.254/')</script>"
    script = b"GIF89a/*" + bytes(chance.randrange(100)) + b"*/=1;alert(1)//%PDF-1.7\n" + chance.randbytes(500)
    plain = (
        archive.getvalue(),
        drawing,
        entity,
        page,
        b"#!/bin/sh\nexit 1\n",
        b"\x7fELF" + bytes(200),
        b"BM" + bytes(90),
    )
    hidden = tuple(
        head + chance.choice(plain) for head in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP")
    )
    return chance.choice((*plain, *hidden, script))


#: PDFium ends its process when it is given no more memory; a reader is a process of its own for that.
EXHAUSTING = {"looping_pages", "swelling_page"}
OF_ANY_FORMAT: tuple[Maker, ...] = (truncated, flipped, shuffled, spliced, noise, giant)
OF_ONE_FORMAT: tuple[tuple[Maker, str], ...] = (
    *((broken_exif, name) for name in ("JPEG", "PNG", "WEBP")),
    *((broken_profile, name) for name in ("JPEG", "PNG", "WEBP", "TIFF")),
    *((maker, "PDF") for maker in (looping_pages, scripted, locked, swelling_page)),
    *((maker, "PNG") for maker in (swelling_pixels, swelling_metadata)),
    (many_frames, "GIF"),
    (looping_directories, "TIFF"),
    (many_scans, "JPEG"),
    *((disguised, "any"),) * 3,
)


@lru_cache
def _swollen(piece: bytes, count: int) -> bytes:
    """Many times the same, packed."""
    return zlib.compress(piece * count, 9)


def _chunk(kind: str, payload: bytes) -> bytes:
    named = kind.encode() + payload
    return struct.pack(">I", len(payload)) + named + struct.pack(">I", zlib.crc32(named))


def _png(*chunks: tuple[str, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def _tiff(entries: list[tuple[int, int, int, int]], *, following: int = 0) -> bytes:
    """One directory of (tag, type, count, value); `following` is where the next one is said to be. TIFF 6.0, 2."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", following) + bytes(64)


def _pdf(page: str, *more: str, trailer: str = "") -> bytes:
    """Objects 3, 4, 5, ... under one tree of pages, without a table of their places: readers find them all the same."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", page, *more]
    body = "".join(f"{number} 0 obj\n{one}\nendobj\n" for number, one in enumerate(objects, 1))
    return f"%PDF-1.7\n{body}trailer\n<</Root 1 0 R{trailer}>>\n%%EOF\n".encode("latin-1")


def _heic(chance: random.Random, width: int, height: int) -> bytes:
    """The boxes of one HEVC picture around noise: no encoder of it is free to ship. ISO/IEC 23008-12."""

    def box(kind: bytes, *content: bytes) -> bytes:
        whole = b"".join(content)
        return struct.pack(">I", len(whole) + 8) + kind + whole

    def full(kind: bytes, *content: bytes) -> bytes:
        return box(kind, bytes(4), *content)

    data = chance.randbytes(400)
    size = full(b"ispe", struct.pack(">II", width & 0xFFFFFFFF, height & 0xFFFFFFFF))
    coding = box(b"hvcC", b"\x01", chance.randbytes(22))
    meta = full(
        b"meta",
        full(b"hdlr", bytes(4), b"pict", bytes(13)),
        full(b"pitm", struct.pack(">H", 1)),
        full(b"iloc", b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, 500, len(data))),
        full(b"iinf", struct.pack(">H", 1), box(b"infe", b"\x02\0\0\0", struct.pack(">HH", 1, 0), b"hvc1\0")),
        box(b"iprp", box(b"ipco", coding, size), full(b"ipma", struct.pack(">IHBBB", 1, 1, 2, 0x81, 0x82))),
    )
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta + box(b"mdat", data)
