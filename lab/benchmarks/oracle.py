"""Can answers to damaged envelopes be told apart, by bytes or by time? `python -m lab.benchmarks.oracle`."""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import itertools
import math
import os
import random
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cli import children, own_secrets
from cli.embedded import postgres, valkey

PNG = b"\x89PNG\r\n\x1a\n"
PICTURE_BYTES = 100_000
SIGNIFICANCE = 0.01
BOUNDARY = "an-envelope"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send, and the public key to seal under."""

    app: Any
    path: str
    secret: str = field(repr=False)
    public_key: rsa.RSAPublicKey
    version: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent."""

    symmetric_key: str
    image: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: everything an attacker sees, and how long it took."""

    status: int
    body: bytes
    nanoseconds: int


def no_rsa_block(target: Target) -> Call:
    """A header that is Base64 of something shorter than the modulus."""
    return Call(_text(secrets.token_bytes(target.public_key.key_size // 8 - 1)), _cbc(secrets.token_bytes(32), _png()))


def wrong_rsa_padding(target: Target) -> Call:
    """A number below the modulus that nobody encrypted."""
    size = target.public_key.key_size // 8
    return Call(_text(b"\0" + secrets.token_bytes(size - 1)), _cbc(secrets.token_bytes(32), _png()))


def key_of_16_bytes(target: Target) -> Call:
    """Well padded, but no AES-256 key."""
    return Call(_rsa(target, secrets.token_bytes(16)), _cbc(secrets.token_bytes(32), _png()))


def wrong_aes_padding(target: Target) -> Call:
    """A good key and a picture whose block before the last was tampered with, as Vaudenay does it.

    A random block would give right padding once in 256 times; this one turns the last byte to zero, which never is.
    """
    key = secrets.token_bytes(32)
    sealed = bytearray(_cbc(key, _png()))
    sealed[-17] ^= 16 - PICTURE_BYTES % 16
    return Call(_rsa(target, key), bytes(sealed))


def no_picture(target: Target) -> Call:
    """A good key and good padding around noise."""
    key = secrets.token_bytes(32)
    return Call(_rsa(target, key), _cbc(key, secrets.token_bytes(PICTURE_BYTES)))


CLASSES: dict[str, Callable[[Target], Call]] = {
    one.__name__: one for one in (no_rsa_block, wrong_rsa_padding, key_of_16_bytes, wrong_aes_padding, no_picture)
}


async def send(target: Target, call: Call) -> Heard:
    """Sends a request to the application itself: no network between, so that less hides in its noise."""
    body = _multipart(call.image)
    headers = {
        "host": "127.0.0.1",
        "authorization": target.secret,
        "x-key-version": target.version,
        "symmetric-key": call.symmetric_key,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": target.path,
        "raw_path": target.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    heard: list[dict[str, Any]] = []
    incoming = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(incoming, {"type": "http.disconnect"})

    async def answer(message: dict[str, Any]) -> None:
        heard.append(message)

    began = time.perf_counter_ns()
    await target.app(scope, receive, answer)
    took = time.perf_counter_ns() - began
    return Heard(heard[0]["status"], b"".join(message.get("body", b"") for message in heard), took)


async def measure(target: Target, calls: int, *, seed: int = 1) -> dict[str, list[Heard]]:
    """So many calls of each class, interleaved: every round sends each class once, in an order of its own.

    SIGTERM and Ctrl-C end it after the round at work; what was measured until then is the answer.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    order = random.Random(seed)
    names = list(CLASSES)
    heard: dict[str, list[Heard]] = {name: [] for name in names}
    for _ in range(20):  # the first ones pay for imports, caches and connections
        for name in names:
            await send(target, CLASSES[name](target))
    gc.collect()
    for done in range(calls):
        if stopped.is_set():
            print(f"stopped after {done} of {calls} calls of each class", file=sys.stderr)
            break
        order.shuffle(names)
        for name in names:
            heard[name].append(await send(target, CLASSES[name](target)))
    return heard


def kolmogorov_smirnov(left: Sequence[float], right: Sequence[float]) -> tuple[float, float]:
    """The largest distance of two samples' distributions, and how likely one at least as large is by chance alone.

    Asymptotic p-value with Stephens' correction; Numerical Recipes, 14.3.
    """
    ordered_left, ordered_right = sorted(left), sorted(right)
    n, m = len(left), len(right)
    place_left = place_right = 0
    distance = 0.0
    while place_left < n and place_right < m:
        value = min(ordered_left[place_left], ordered_right[place_right])
        while place_left < n and ordered_left[place_left] == value:
            place_left += 1
        while place_right < m and ordered_right[place_right] == value:
            place_right += 1
        distance = max(distance, abs(place_left / n - place_right / m))
    size = math.sqrt(n * m / (n + m))
    scaled = (size + 0.12 + 0.11 / size) * distance
    if scaled < 0.2:
        return distance, 1.0  # the series converges slowly there, to one
    chance = 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return distance, min(1.0, max(0.0, chance))


def pairs(heard: dict[str, list[Heard]]) -> Iterator[tuple[str, str, float, float]]:
    """Every two classes: names, distance, p."""
    times = {name: [one.nanoseconds / 1e6 for one in answers] for name, answers in heard.items()}
    for one, other in itertools.combinations(times, 2):
        yield one, other, *kolmogorov_smirnov(times[one], times[other])


def bodies(heard: dict[str, list[Heard]]) -> set[tuple[int, bytes]]:
    """The different answers there were."""
    return {(one.status, one.body) for answers in heard.values() for one in answers}


@contextmanager
def target_of_its_own() -> Iterator[Target]:
    """The application on an empty Postgres and Valkey that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="idmill-oracle-") as folder:
        var, made = Path(folder), own_secrets.fresh()
        database = postgres.prepare(
            var,
            superuser_password=made.postgres_superuser_password,
            role_password=made.postgres_password,
            is_durable=False,
        )
        queue = valkey.prepare(var, password=made.valkey_password)
        running = [children.start_and_wait(database.child(var / "postgres.log"))]
        try:
            database.make_role_and_database()
            running.append(children.start_and_wait(queue.child(var / "valkey.log")))
            os.environ.update(made.settings())
            os.environ |= {"DATABASE_URL": database.url(), "REDIS_URL": queue.url(), "IDMILL_BLOBS": str(var / "blobs")}
            os.environ["IDMILL_LOG_LEVEL"] = "ERROR"
            subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, check=True)
            yield make_target()
        finally:
            for child in reversed(running):
                child.stop()
            shutil.rmtree(database.home.directory)


def make_target() -> Target:
    """An organization without limits and its key, in the database that the environment names."""
    from api.main import create_app  # noqa: PLC0415 - its settings are only now there
    from core import envelope, keys, organizations  # noqa: PLC0415
    from core.transaction import transaction  # noqa: PLC0415

    with transaction() as db:
        organization = organizations.create(db, "Specimen Bank")
        organization.most_bad_envelopes = organization.calls_per_minute = 2**31 - 1
        issued = keys.issue(db, organization.id, label="SPECIMEN", scopes=[keys.Scope.NHN])
        rsa_key = envelope.rotate(db, organization.id, envelope.Service.ID_CARD, envelope.fresh_pair())
    public_key = load_der_public_key(rsa_key.public_key)
    assert isinstance(public_key, rsa.RSAPublicKey)  # noqa: S101 - narrows the type
    path = f"/v2.0/appkeys/{issued.public_id}/id-card"
    return Target(create_app(), path, issued.secret, public_key, str(rsa_key.version))


def main() -> int:
    """Exit code 1 when anything tells two classes apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000, help="of each class")
    calls = parser.parse_args().calls
    with target_of_its_own() as target:
        heard = asyncio.run(measure(target, calls))
    calls = min(len(several) for several in heard.values())
    answers = bodies(heard)
    print(f"{calls} interleaved calls of each class; {len(answers)} different answer(s):")
    for status, body in sorted(answers):
        counts = {
            name: sum((one.status, one.body) == (status, body) for one in several) for name, several in heard.items()
        }
        print(f"  HTTP {status} {body.decode()}  {counts}")
    for name, several in heard.items():
        times = sorted(one.nanoseconds / 1e6 for one in several)
        low, middle, high = times[calls // 10], statistics.median(times), times[-calls // 10]
        print(f"{name:18} median {middle:7.3f} ms   p10 {low:7.3f}   p90 {high:7.3f}")
    compared = list(pairs(heard))
    for one, other, distance, chance in compared:
        print(f"{one:18} {other:18} D {distance:.4f}   p {chance:.3f}")
    least = min(chance for *_, chance in compared)
    # Ten comparisons: by chance alone the least of ten p is below 0.01 in one run of ten (Bonferroni).
    corrected = min(1.0, least * len(compared))
    print(
        f"least p {least:.4f}, corrected for {len(compared)} comparisons {corrected:.4f}; wanted: above {SIGNIFICANCE}"
    )
    return 0 if len(answers) == 1 and corrected > SIGNIFICANCE else 1


def _png() -> bytes:
    return PNG + secrets.token_bytes(PICTURE_BYTES - len(PNG))


def _cbc(key: bytes, plain: bytes) -> bytes:
    fill = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()


def _rsa(target: Target, key: bytes) -> str:
    return _text(target.public_key.encrypt(key, padding.PKCS1v15()))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _multipart(image: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="sample.png"\r\n\r\n'
    return head.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


if __name__ == "__main__":
    sys.exit(main())
