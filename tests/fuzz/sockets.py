"""Raw requests that no HTTP library would send: what a hostile or broken client writes into a socket."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
HEAD = b'Content-Disposition: form-data; name="image"; filename="x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
IMAGE = b"--b\r\n" + HEAD + JPEG + b"\r\n"
END = b"--b--\r\n"
MULTIPART = b"multipart/form-data; boundary=b"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back until the server closed or said nothing for a while."""

    status: int | None  #: None: it said nothing
    raw: bytes
    seconds: float


def upload(
    key: str,
    body: bytes,
    *,
    content_type: bytes = MULTIPART,
    length: bytes | None = None,
    more: bytes = b"",
    path: bytes = b"/v1/jobs",
) -> bytes:
    """A whole request. `length` lies about the body; `more` are further header lines."""
    said = str(len(body)).encode() if length is None else length
    counted = b"" if b"ransfer-" in more else b"Content-Length: " + said + b"\r\n"
    return (
        b"POST " + path + b" HTTP/1.1\r\nHost: idmill.example\r\nAuthorization: Bearer " + key.encode() + b"\r\n"
        b"Connection: close\r\nContent-Type: " + content_type + b"\r\n" + counted + more + b"\r\n" + body
    )


def part(disposition: bytes, content: bytes, *lines: bytes) -> bytes:
    """One part of a multipart body."""
    return b"\r\n".join((b"--b", b"Content-Disposition: " + disposition, *lines, b"", content, b""))


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks, ended."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def send(port: int, raw: bytes, *, leaves: bool = False, patience: float = 8.0) -> Answer:
    """Writes the bytes and reads what the server answers; who `leaves` says at once that nothing more comes."""
    started = time.monotonic()
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as wire, suppress(OSError):
        with suppress(ConnectionError):  # it may have been refused before the end
            wire.sendall(raw)
        if leaves:
            wire.shutdown(socket.SHUT_WR)
        while piece := wire.recv(65536):
            said += piece
    return Answer(_status(said), said, time.monotonic() - started)


def _status(said: bytes) -> int | None:
    if not said.startswith(b"HTTP/1."):
        return None
    return int(said.split(b" ", 2)[1])


def trickle(port: int, raw: bytes, *, pause: float, patience: float) -> Answer:
    """Writes the head of a request at once and its body a byte at a time, as slowly as it may."""
    head, _, body = raw.partition(b"\r\n\r\n")
    started = time.monotonic()
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as wire, suppress(OSError):
        wire.sendall(head + b"\r\n\r\n")
        wire.settimeout(pause)
        for byte in body:
            wire.sendall(bytes([byte]))
            with suppress(TimeoutError):
                said += wire.recv(65536)
                break
            if time.monotonic() - started > patience:
                break
        wire.settimeout(patience)
        while piece := wire.recv(65536):
            said += piece
    return Answer(_status(said), said, time.monotonic() - started)


#: The server waits for the rest of the head; in front of it nginx does not.
UNANSWERED = {"half a header", "HTTP/0.9"}
#: What is odd and can be understood.
UNDERSTOOD = {"two content types", "ten thousand headers"}


def abuses(key: str) -> dict[str, bytes]:
    """Requests by what is wrong with them; each is to be refused."""

    def named(name: bytes) -> bytes:
        return upload(key, part(b'form-data; name="image"; ' + name, b"no picture") + END)

    field = part(b'form-data; name="document"', b"mrz")
    return {
        "no boundary": upload(key, IMAGE + END, content_type=b"multipart/form-data"),
        "an empty boundary": upload(key, IMAGE + END, content_type=b"multipart/form-data; boundary="),
        "another boundary": upload(key, IMAGE + END, content_type=b"multipart/form-data; boundary=c"),
        "a boundary of 8 KB": upload(key, IMAGE + END, content_type=b"multipart/form-data; boundary=" + b"b" * 8192),
        "a boundary with a line end": upload(
            key, IMAGE + END, content_type=b'multipart/form-data; boundary="b\r\nX: y"'
        ),
        "two content types": upload(key, IMAGE + END, more=b"Content-Type: text/plain\r\n"),
        "no content type": upload(key, IMAGE + END, content_type=b""),
        "multipart/mixed": upload(key, IMAGE + END, content_type=b"multipart/mixed; boundary=b"),
        "a part that is itself multipart": upload(
            key,
            part(b'form-data; name="image"', IMAGE + END, b"Content-Type: multipart/mixed; boundary=b") + END,
        ),
        "no end": upload(key, IMAGE),
        "nothing": upload(key, b""),
        "only an end": upload(key, END),
        "no blank line in a part": upload(key, b"--b\r\nContent-Disposition: form-data; name=image\r\n" + END),
        "a part without a head": upload(key, b"--b\r\n\r\n" + JPEG + b"\r\n" + END),
        "a part without a name": upload(key, part(b"form-data", JPEG) + END),
        "a head of a megabyte in a part": upload(key, part(b"form-data", JPEG, b"X-Long: " + b"x" * 1_000_000) + END),
        "ten thousand heads in a part": upload(key, part(b"form-data", JPEG, *[b"X-A: b"] * 10_000) + END),
        "five thousand parts": upload(key, part(b'form-data; name="f"', b"x") * 5000 + END),
        "two thousand files": upload(key, part(b'form-data; name="f"; filename="x"', b"x") * 2000 + END),
        "a field of three megabytes": upload(key, part(b'form-data; name="metadata"', b"x" * 3_000_000) + IMAGE + END),
        "a preamble of a megabyte": upload(key, b"x" * 1_000_000 + b"\r\n" + part(b"form-data", JPEG) + END),
        "an epilogue of a megabyte": upload(key, part(b'form-data; name="image"', b"x") + END + b"x" * 1_000_000),
        "a field where the file should be": upload(key, part(b'form-data; name="image"', b"x") + END),
        "a file where a field should be": upload(
            key, IMAGE + part(b'form-data; name="document"; filename="mrz"', b"mrz") + END
        ),
        "a field twice, differently": upload(
            key, field + part(b'form-data; name="document"', b"nothing") + part(b'form-data; name="image"', b"x") + END
        ),
        "a charset nobody has": upload(
            key, part(b'form-data; name="document"', b"mrz", b"Content-Type: text/plain; charset=klingon") + END
        ),
        "a transfer encoding of old": upload(
            key, part(b'form-data; name="document"', b"bXJ6", b"Content-Transfer-Encoding: base64") + END
        ),
        "a name of bytes": upload(key, part(b'form-data; name="\xff\xfe\x00"', b"x") + END),
        "bare line feeds": upload(key, (IMAGE + END).replace(b"\r\n", b"\n")),
        "a file's name with a line end": named(b'filename="x\r\nX-Injected: yes\r\n.jpg"'),
        "a file's name with a NUL": named(b'filename="x\0.jpg"'),
        "a file's name that climbs": named(b'filename="../../../../etc/passwd"'),
        "a file's name of another system": named(rb'filename="C:\boot.ini"'),
        "a file's name from right to left": named('filename="gpj.\u202egnp"'.encode()),
        "a file's name of 100 KB": named(b'filename="' + b"x" * 100_000 + b'"'),
        "a file's name in two encodings": named(b"filename=\"x\"; filename*=UTF-8''%00%2e%2e%2f"),
        "a file's name that never ends": named(b'filename="x'),
        "a length of more than comes": upload(key, IMAGE + END, length=b"100000"),
        "a length of less than comes": upload(key, IMAGE + END, length=b"50"),
        "a length below zero": upload(key, IMAGE + END, length=b"-1"),
        "a length that is no number": upload(key, IMAGE + END, length=b"0x10"),
        "a length of 400 digits": upload(key, IMAGE + END, length=b"9" * 400),
        "two lengths": upload(key, IMAGE + END, more=b"Content-Length: 5\r\n"),
        "a length over the limit": upload(key, IMAGE + END, length=b"99999999999"),
        "chunks and a length": upload(key, IMAGE + END, more=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        "a chunk that lies": upload(key, b"ffff\r\n" + IMAGE + END, more=b"Transfer-Encoding: chunked\r\n"),
        "a chunk of 2^64": upload(key, b"f" * 16 + b"\r\n" + IMAGE, more=b"Transfer-Encoding: chunked\r\n"),
        "a chunk of no number": upload(key, b"zz\r\n" + IMAGE, more=b"Transfer-Encoding: chunked\r\n"),
        "a chunk with an endless extension": upload(
            key, b"5;" + b"x" * 200_000 + b"\r\nhello\r\n0\r\n\r\n", more=b"Transfer-Encoding: chunked\r\n"
        ),
        "chunks without an end": upload(key, chunked(IMAGE + END)[:-5], more=b"Transfer-Encoding: chunked\r\n"),
        "chunks in chunks": upload(key, chunked(IMAGE), more=b"Transfer-Encoding: chunked, chunked\r\n"),
        "a transfer coding nobody has": upload(key, IMAGE + END, more=b"Transfer-Encoding: klingon\r\n"),
        "a content coding": upload(key, IMAGE + END, more=b"Content-Encoding: gzip\r\n").replace(JPEG, b"x"),
        "headers of 200 KB": upload(key, IMAGE + END, more=b"X-Long: " + b"x" * 200_000 + b"\r\n"),
        "ten thousand headers": upload(key, IMAGE + END, more=b"X-A: b\r\n" * 10_000),
        "a header with a NUL": upload(key, IMAGE + END, more=b"X-A: b\0c\r\n"),
        "a folded header": upload(key, IMAGE, more=b"X-A: b\r\n c\r\n"),
        "a header without a colon": upload(key, IMAGE + END, more=b"nonsense\r\n"),
        "a path of bytes": upload(key, IMAGE + END, path=b"/v1/jobs/\xff\xfe"),
        "a path that climbs": upload(key, IMAGE + END, path=b"/v1/../../etc/passwd"),
        "a path with a NUL": upload(key, IMAGE + END, path=b"/v1/jobs/%00"),
        "a path of 100 KB": upload(key, IMAGE + END, path=b"/v1/jobs/" + b"x" * 100_000),
        "an address instead of a path": upload(key, IMAGE, path=b"http://elsewhere.example/v1/jobs"),
        "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        "HTTP/2 without being asked": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": b"POST /v1/jobs\r\n",
        "no host": b"POST /v1/jobs HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "half a header": b"POST /v1/jobs HTT",
        "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n",
        "a bearer of bytes": upload("\xff\xfe", b"").replace(b"\xc3", b"\xff"),
        "a key with a NUL": upload("idm_0000000000000000_\0", b""),
    }


def send_all(port: int, requests: Iterable[bytes]) -> list[Answer]:
    """Sixteen at a time: many of them only wait until the server has had enough."""
    with ThreadPoolExecutor(16) as clients:
        return list(clients.map(lambda raw: send(port, raw), requests))


def mutated(key: str, *, seed: int, count: int) -> Iterator[bytes]:
    """Good uploads with a few places of their bytes turned, dropped, doubled or replaced by what parsers trip over."""
    good = upload(key, part(b'form-data; name="document"', b"mrz") + IMAGE + END)
    line_ends = (b"\r\n", b"\n", b"\r", b"\0", b"--b", b"--b--", b'"', b";", b"\xff", b": ", b"\r\n\r\n", b"%s%n", b"=")
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        raw = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at, size = chance.randrange(len(raw)), chance.randrange(1, 12)
            piece = chance.choice(
                (b"", bytes(raw[at : at + size]) * 2, chance.choice(line_ends), chance.randbytes(size))
            )
            raw[at : at + size] = piece
        yield bytes(raw)
