"""A passport's zone, an IC number and a card number go through every way in; then they are looked for everywhere.

One running `idmill up`, told to trace; the same run shows that one trace leads from upload to webhook.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx2
import psutil
import psycopg
import pytest
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from PIL import Image, ImageDraw, PngImagePlugin

from cli import env_files, own_secrets
from cli.embedded import ports
from core.logs import ALLOWED
from lab.specimens.draw import specimen

TRACE_ID = secrets.token_hex(16)


def digits(count: int) -> str:
    return "".join(secrets.choice("123456789") for _ in range(count))


def luhn(body: str) -> str:
    """A number with its check digit, ISO/IEC 7812-1, annex B."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


PASSPORT = specimen("td3", "clean", secrets.randbelow(10**6))
IC, CARD = digits(12), luhn("999999" + digits(9))
#: What must be nowhere. The words on the last line of a zone are a document's number and who bears it.
CANARIES = (*PASSPORT.truth_lines, PASSPORT.truth_lines[1][:9], IC, CARD)
#: What clients say in `metadata` is stored as it comes, and docs/security.md says so.
WORD = f"KANARIENVOGEL{secrets.token_hex(6)}"


def forms(word: str) -> Iterator[bytes]:
    """A word as it may stand in a file: as text, base64 at any offset, hexadecimal."""
    for plain in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        for offset in range(3):
            whole = base64.b64encode(bytes(offset) + plain)
            yield whole[-(-offset * 4 // 3) + (offset > 0) : -4]


def found_in(content: bytes, words: tuple[str, ...] = CANARIES) -> list[str]:
    return [word for word in words for form in forms(word) if form in content]


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes whatever is posted and keeps it."""

    kept: ClassVar[dict[int, list[bytes]]] = {}  #: by the port it came to

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.kept.setdefault(self.server.server_address[1], []).append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def listener() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Stack:
    """One `idmill up`, and what it told to whom."""

    def __init__(self, var: Path, process: subprocess.Popen[bytes], ports_of: dict[str, int]) -> None:
        self.var, self.process, self.ports = var, process, ports_of
        self.env = env_files.read(var / "demo.env")
        self.jobs: list[str] = []
        self.client = httpx2.Client(base_url=self.env["IDMILL_URL"], timeout=60, trust_env=False)
        self.headers = {"Authorization": f"Bearer {self.env['IDMILL_API_KEY']}"}

    def ask(self, method: str, path: str, **what: Any) -> httpx2.Response:
        headers = {**self.headers, **what.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **what)

    def told(self, port: str) -> list[bytes]:
        return Listener.kept.get(self.ports[port], [])

    def database(self, *, as_superuser: bool = False) -> psycopg.Connection:
        url = env_files.read(self.var / "operator.env")["DATABASE_URL"].replace("+psycopg", "")
        if as_superuser:
            password = own_secrets.kept_in(self.var).postgres_superuser_password
            url = f"postgresql://postgres:{password}@{url.rpartition('@')[2]}"
        return psycopg.connect(url, autocommit=True)

    def rows(self) -> dict[str, bytes]:
        """Every table as text: what a dump would hold, decompressed."""
        with self.database() as connection:
            names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            return {
                name: "\n".join(row[0] for row in connection.execute(f"select t::text from {name} as t")).encode()
                for (name,) in names
            }


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    place = tmp_path_factory.mktemp("canary")
    (place / "tmp").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")}
    for replaced in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(replaced, None)
    with listener() as traces, listener() as hooks:
        metrics = ports.free()
        environment |= {
            "TMPDIR": str(place / "tmp"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{traces}",
        }
        said = (place / "said").open("w+")
        command = ["up", "--var", str(place / "var"), "--workers", "1", "--metrics-port", str(metrics)]
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *command, "--log-level", "DEBUG"],
            stdout=said,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 170
            while "is ready after" not in (place / "said").read_text():
                assert process.poll() is None, (place / "said").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.2)
            yield Stack(place / "var", process, {"traces": traces, "hooks": hooks, "metrics": metrics})
        finally:
            process.send_signal(signal.SIGINT)
            status = process.wait(60)
        assert status == 0


def drawn(text: str) -> bytes:
    """A picture that shows a number, and says it once more in a comment."""
    picture = Image.new("RGB", (900, 560), "white")
    ImageDraw.Draw(picture).text((80, 240), f"SPECIMEN {text}", fill="black", font_size=48)
    comment, stream = PngImagePlugin.PngInfo(), io.BytesIO()
    comment.add_text("Comment", text)
    picture.save(stream, "PNG", pnginfo=comment)
    return stream.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as whole:
        whole.writestr(f"{IC}.png", drawn(IC))
        whole.writestr(f"{CARD}.txt", f"no picture: {CARD}")
    return stream.getvalue()


def through_the_native_api(stack: Stack) -> None:
    hook = f"http://127.0.0.1:{stack.ports['hooks']}/hook"
    form = {"document": "mrz", "end_client": IC, "metadata": f'{{"note": "{WORD}"}}', "callback_url": hook}
    headers = {
        "Prefer": "wait=25",
        "Idempotency-Key": "SPECIMEN-once",
        "traceparent": f"00-{TRACE_ID}-{secrets.token_hex(8)}-01",
    }
    files = {"image": (f"{IC}.jpg", PASSPORT.picture)}
    first = stack.ask("POST", "/v1/jobs", files=files, data=form, headers=headers).json()
    ended = wait_for(stack, first["id"])
    assert PASSPORT.truth_lines[1] in ended["result"]["mrz"]["lines"], "the canary was read"
    again = stack.ask("POST", "/v1/jobs", files=files, data=form, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    for path in (f"/v1/jobs/{first['id']}", f"/v1/sessions/{first['session_id']}", "/v1/jobs", "/v1/events"):
        assert stack.ask("GET", path).status_code == 200
    batch = stack.ask("POST", "/v1/batches", files={"archive": ("a.zip", archive())}, data={"document": "mrz"}).json()
    assert batch["items"][0]["name"] == f"{IC}.png"
    for _ in range(4):
        batch = stack.ask("GET", f"/v1/batches/{batch['id']}", params={"wait": 20}).json()
        if batch["finished_at"]:
            break


def wait_for(stack: Stack, job_id: str) -> dict[str, Any]:
    for _ in range(5):
        job = stack.ask("GET", f"/v1/jobs/{job_id}", params={"wait": 20}).json()
        if job["status"] != "CREATED":
            return job
    raise AssertionError(job)


def through_the_dialects(stack: Stack) -> None:
    key = stack.env["IDMILL_API_KEY"]
    path = "/api/v1/backend/mrz/retrieve/"
    files = {"image": (f"{CARD}.jpg", PASSPORT.picture)}
    read = stack.client.post(path, files=files, data={"api_key": key, "personal_number": IC})
    assert PASSPORT.truth_lines[1] in read.text
    stack.client.post("/api.php", files={"image": (f"{IC}.png", drawn(IC))}, headers={"X-API-Key": key})
    through_nhn(stack)


def through_nhn(stack: Stack) -> None:
    """An enveloped passport and card, and the question whether the passport is authentic."""
    place = f"/v2.0/appkeys/{stack.env['IDMILL_NHN_APPKEY']}"
    credentials = {"Authorization": stack.env["IDMILL_NHN_SECRET_KEY"]}
    shared = secrets.token_bytes(32)

    def seal(plain: bytes) -> bytes:
        padder, cipher = block_padding.PKCS7(128).padder(), Cipher(algorithms.AES(shared), modes.CBC(shared[:16]))
        encryptor = cipher.encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def under(service: str) -> dict[str, str]:
        key = stack.client.get(f"{place}/public-keys/{service}", headers=credentials).json()["result"]
        public = load_der_public_key(base64.b64decode(key["key"]))
        sealed = base64.b64encode(public.encrypt(shared, padding.PKCS1v15())).decode()
        return {**credentials, "X-Key-Version": key["version"], "Symmetric-Key": sealed}

    passport = {"image": (f"{IC}.jpg", seal(PASSPORT.picture))}
    read = stack.client.post(f"{place}/id-card", files=passport, headers=under("id-card"))
    assert read.json()["header"]["isSuccessful"], read.text
    card = {"image": (f"{CARD}.png", seal(drawn(CARD)))}
    stack.client.post(f"{place}/credit-card", files=card, headers=under("credit-card"))
    question = {
        "idType": "passport",
        "expirationDate": "20300101",
        **{
            name: base64.b64encode(seal(text.encode())).decode()
            for name, text in {
                "name": CARD,
                "passportNumber": PASSPORT.truth_lines[1][:9],
                "issueDate": "20200101",
                "birthDate": "19900101",
            }.items()
        },
    }
    headers = {**under("id-card"), "Request-Key": read.headers["Request-Key"]}
    answered = stack.client.post(f"{place}/id-card/authenticity", json=question, headers=headers).json()
    assert answered["header"]["resultCode"] is not None


def through_what_goes_wrong(stack: Stack) -> list[httpx2.Response]:
    """Answers of failures; no body of them may say what was sent."""
    picture = {"image": ("x.png", drawn(IC))}
    answers = [
        stack.ask("POST", "/v1/jobs", files=picture, data={"document": CARD}),
        stack.ask("POST", "/v1/jobs", files=picture, data={"document": "mrz", "metadata": f'{{"{CARD}"'}),
        stack.ask("POST", "/v1/jobs", files=picture, data={"document": "mrz", "session_id": IC}),
        stack.ask("POST", "/v1/jobs", files={"image": ("x", f"no picture {CARD}".encode())}, data={"document": "mrz"}),
        stack.ask("GET", f"/v1/jobs/{IC}?name={CARD}"),
        stack.ask("GET", f"/{CARD}/{IC}"),
        stack.ask("POST", "/v1/webhook-endpoints", json={"url": f"http://10.0.0.1/{CARD}"}),
        stack.ask("POST", "/v1/webhook-endpoints", json={"url": IC, CARD: IC}),
        stack.client.get("/v1/jobs", headers={"Authorization": f"Bearer idm_{CARD}_{IC}"}),
        stack.client.post("/api/v1/backend/mrz/retrieve/", files=picture, data={"api_key": CARD}),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers), [answer.status_code for answer in answers]
    damaged = PASSPORT.picture[:2000] + CARD.encode() * 50 + PASSPORT.picture[4000:9000]
    job = stack.ask("POST", "/v1/jobs", files={"image": ("x.jpg", damaged)}, data={"document": "mrz"}).json()
    assert wait_for(stack, job["id"])["status"] == "FAILED"
    return answers


def through_a_cancelled_upload(stack: Stack) -> None:
    """Two megabytes are announced, more than is held in memory arrives, and the line goes dead."""
    url = urlsplit(stack.env["IDMILL_URL"])
    start = f'--b\r\nContent-Disposition: form-data; name="image"; filename="{IC}.png"\r\n\r\n'.encode()
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: {stack.headers['Authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {3 * 2**20}\r\n\r\n"
    ).encode()
    with socket.create_connection((str(url.hostname), url.port or 80), timeout=10) as line:
        line.sendall(head + start + (CARD.encode() + bytes(100)) * 16_000)


def through_the_command_line(stack: Stack, place: Path) -> None:
    file = place / "passport.jpg"
    file.write_bytes(PASSPORT.picture)
    environment = {**os.environ, **stack.env, "TMPDIR": str(place.parent / "tmp")}
    command = [sys.executable, "-m", "cli.main", "submit", str(file), "--wait"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    file.unlink()


@pytest.fixture(scope="module")
def canaries_flew(stack: Stack, tmp_path_factory) -> list[httpx2.Response]:
    """Through everything, once."""
    through_the_native_api(stack)
    through_the_dialects(stack)
    failures = through_what_goes_wrong(stack)
    through_a_cancelled_upload(stack)
    through_the_command_line(stack, tmp_path_factory.mktemp("mine"))
    deadline = time.monotonic() + 30
    while not (stack.told("hooks") and spans_of(stack, "webhook")) and time.monotonic() < deadline:
        time.sleep(0.2)
    return failures


def spans_of(stack: Stack, name: str = "") -> list[Any]:
    found = []
    for body in stack.told("traces"):
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [span for scope in resource.scope_spans for span in scope.spans]
    return [span for span in found if not name or span.name == name]


def test_search_finds_what_is_there(tmp_path):
    for form in forms(IC):
        assert len(form) >= 12
        assert found_in(b"xx" + form + b"yy") != []
    shifted = base64.b64encode(b"ab" + IC.encode() + b"cd")
    assert found_in(shifted) == [IC]
    assert found_in(b"nothing") == []


def test_canaries_are_in_no_file_but_sealed(stack, canaries_flew):
    with stack.database(as_superuser=True) as superuser:
        superuser.execute("checkpoint")
    cluster = (stack.var / "postgres").resolve()
    places = [
        stack.var.parent,
        cluster,
    ]  # logs, Valkey's files, blobs, what was said, uploads on their way; rows and WAL
    seen, hits, control = 0, {}, 0
    for place in places:
        for file in place.rglob("*"):
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                seen += 1
                control += WORD.encode() in content
                if found := found_in(content):
                    hits[str(file)] = found
    assert seen > 500
    assert control > 0, "the search would have found it: metadata lies in Postgres as it came"
    assert hits == {}


def test_canaries_are_in_no_row_and_what_clients_noted_is_where_it_is_said_to_be(stack, canaries_flew):
    rows = stack.rows()
    assert {name: found for name, content in rows.items() if (found := found_in(content))} == {}
    assert [name for name, content in rows.items() if found_in(content, (WORD,))] == ["jobs"]


def test_canaries_are_in_nothing_that_others_are_told(stack, canaries_flew):
    flower, metrics = stack.env["IDMILL_FLOWER_URL"], f"http://127.0.0.1:{stack.ports['metrics']}/metrics"
    pages = [f"{flower}/tasks", f"{flower}/api/tasks", f"{flower}/api/workers", f"{flower}/workers", metrics]
    told = [httpx2.get(page, trust_env=False, timeout=30).content for page in pages]
    assert b"idmill_jobs" in told[-1]
    told += stack.told("hooks") + stack.told("traces")
    assert stack.told("hooks")
    assert [found for content in told if (found := found_in(content, (*CANARIES, WORD)))] == []


def test_no_answer_to_a_failure_repeats_what_was_sent(canaries_flew):
    assert [answer.text for answer in canaries_flew if found_in(answer.content)] == []


def test_canaries_are_on_no_command_line_and_in_no_environment(stack, canaries_flew):
    family = psutil.Process(stack.process.pid).children(recursive=True)
    assert len(family) > 5
    for process in family:
        with contextlib.suppress(psutil.Error):
            assert found_in(" ".join([*process.cmdline(), *process.environ().values()]).encode()) == []


def test_one_trace_leads_from_upload_over_the_worker_to_the_webhook(stack, canaries_flew):
    mine = [span for span in spans_of(stack) if span.trace_id.hex() == TRACE_ID]
    names = {span.name for span in mine}
    assert {"request", "job", "job.read", "job.record", "webhook"} <= names
    by_id = {span.span_id: span for span in mine}
    webhook = next(span for span in mine if span.name == "webhook")
    way = []
    while webhook is not None:
        way.append(webhook.name)
        webhook = by_id.get(webhook.parent_span_id)
    assert way == ["webhook", "job.record", "job", "request"]


def test_spans_say_no_more_than_logs_may(stack, canaries_flew):
    assert {attribute.key for span in spans_of(stack) for attribute in span.attributes} <= ALLOWED
    assert all(not span.events for span in spans_of(stack))


def test_after_erasure_nothing_is_left_in_a_fresh_dump_and_no_blob(stack, canaries_flew):
    cursor: str | None = ""
    ids = []
    while cursor is not None:
        page = stack.ask("GET", "/v1/jobs", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        ids += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
    assert len(ids) >= 5
    for job_id in ids:
        assert stack.ask("DELETE", f"/v1/jobs/{job_id}").status_code == 204
        assert stack.ask("GET", f"/v1/jobs/{job_id}").status_code == 410
    rows = stack.rows()
    assert {name: found for name, content in rows.items() if (found := found_in(content, (*CANARIES, WORD)))} == {}
    assert [file for file in (stack.var / "blobs").rglob("*") if file.is_file()] == []
    with stack.database() as connection:
        kept = "select count(*) from jobs where data_key is not null or result is not null or picture_key is not null"
        assert connection.execute(kept).fetchone() == (0,)
