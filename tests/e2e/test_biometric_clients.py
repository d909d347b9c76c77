"""The seed's own client samples against a whole running idmill, and a worker that is killed under its calls."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
import requests

from lab.specimens.draw import specimen

PATH = "/api/v1/backend/mrz/retrieve/"


@pytest.fixture(scope="module")
def card(tmp_path_factory) -> Path:
    """A drawn Kyrgyz card as the file that the samples upload."""
    path = tmp_path_factory.mktemp("card") / "image.jpg"
    path.write_bytes(specimen("td1-kgz", "clean", 7).picture)
    return path


TRUTH = "\n".join(specimen("td1-kgz", "clean", 7).truth_lines)


def test_sample_in_python(up, card):
    _, env = up
    url = env["IDMILL_URL"] + PATH
    headers = {"Accept": "application/json"}
    with card.open("rb") as image:
        response = requests.post(
            url, headers=headers, data={"api_key": env["IDMILL_API_KEY"]}, files={"image": image}, timeout=60
        )
    assert response.json()["mrz_string"] == TRUTH


def test_sample_in_curl(up, card, curl):
    _, env = up
    told = curl(
        *("-X", "POST", env["IDMILL_URL"] + PATH),
        *("-H", "accept: application/json", "-H", "Content-Type: multipart/form-data"),
        *("-F", f"api_key={env['IDMILL_API_KEY']}", "-F", f"image=@{card}"),
    )
    assert told["mrz_string"] == TRUTH


def test_form_that_node_fetch_streams(up, card):
    """node-fetch sends form-data's stream chunked, without a length, with its long boundary and lower-case names."""
    _, env = up
    address = urlsplit(env["IDMILL_URL"])
    boundary = "--------------------------616279412048295310862436"
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{env["IDMILL_API_KEY"]}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="image.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + card.read_bytes()
        + f"\r\n--{boundary}--\r\n".encode()
    )
    head = (
        f"POST {PATH} HTTP/1.1\r\naccept: application/json\r\n"
        f"content-type: multipart/form-data; boundary={boundary}\r\n"
        f"user-agent: node-fetch\r\naccept-encoding: gzip, deflate, br\r\nconnection: close\r\n"
        f"transfer-encoding: chunked\r\nhost: {address.netloc}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head)
        for start in range(0, len(body), 16_384):
            piece = body[start : start + 16_384]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["mrz_string"] == TRUTH


def test_usage_equals_received_sessions_when_a_worker_is_killed_under_twenty_calls(up, card):
    process, env = up
    client = httpx2.Client(
        base_url=env["IDMILL_URL"], headers={"Authorization": f"Bearer {env['IDMILL_API_KEY']}"}, timeout=60
    )

    before, billed = sessions_received(client), mrz_readings(client)

    def call(_: int) -> httpx2.Response:
        files = {"image": ("image.jpg", card.read_bytes())}
        return httpx2.post(env["IDMILL_URL"] + PATH, data={"api_key": env["IDMILL_API_KEY"]}, files=files, timeout=90)

    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(call, range(20))
        time.sleep(0.7)
        for one in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a zombie has no command line
                if "worker" in one.cmdline() and "idmill.webhooks" not in one.cmdline():
                    one.kill()
        statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 503}
    received = sessions_received(client)
    assert len(set(received)) == len(received)
    assert len(received) - len(before) >= statuses.count(200)
    assert mrz_readings(client) - billed == len(received) - len(before)


def sessions_received(client: httpx2.Client) -> list[str]:
    """The sessions of all jobs that were received, one for each job."""
    received: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/v1/jobs", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        received += [job["session_id"] for job in page["items"] if job["status"] == "RECEIVED"]
        cursor = page["next_cursor"]
        if cursor is None:
            return received


def mrz_readings(client: httpx2.Client) -> int:
    """What was billed so far; the other tests on this machine have their part in it."""
    return sum(one["readings"] for one in client.get("/v1/usage").json() if one["technology"] == "mrz")
