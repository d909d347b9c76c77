"""nginx.conf: it waits for nobody for ever; and where there is an nginx, what it does in front of a server."""

from __future__ import annotations

import http.client
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

NGINX = os.environ.get("NGINX") or shutil.which("nginx")


@pytest.fixture(scope="module")
def text(deploy) -> str:
    return (deploy / "nginx/nginx.conf").read_text()


def seconds(text: str, directive: str) -> int:
    match = re.search(rf"(?m)^\s*{directive} (\d+)s;", text)
    assert match is not None, directive
    return int(match[1])


def test_every_wait_has_an_end(text):
    assert seconds(text, "client_header_timeout") <= 15
    assert seconds(text, "client_body_timeout") <= 15
    assert seconds(text, "send_timeout") <= 60
    assert "limit_conn clients" in text


def test_limits_fit_those_of_the_settings(text):
    from core.settings import Settings

    fields = Settings.model_fields
    sizes = [int(size) * 2**20 for size in re.findall(r"client_max_body_size (\d+)m;", text)]
    assert sizes == [
        fields["max_upload_bytes"].default + 2**20,
        fields["max_batch_bytes"].default + 2**20,
    ]
    assert seconds(text, "proxy_read_timeout") > fields["max_wait_seconds"].default


def test_paths_and_names_of_callers_are_not_written_down(text):
    form = text[text.index("log_format") : text.index("access_log /dev/stdout")]
    assert not re.search(r"\$(request|request_uri|uri|args|http_\w+|remote_\w+)\b", form)


class Behind(http.server.BaseHTTPRequestHandler):
    """The API, Flower and the metrics in one: says who asked for what."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"{self.path} {self.headers['X-Forwarded-For']} {self.headers['X-Forwarded-Proto']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def front(deploy, text, tmp_path_factory):
    """nginx with this configuration; only addresses and paths are those of a test. Ports by what they were."""
    if NGINX is None:
        pytest.skip("no nginx on this machine; NGINX names one")
    place = tmp_path_factory.mktemp("nginx")
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    ports = {number: free_port() for number in (8080, 5555, 9464, 8081)}
    changed = re.sub(r"http://(api:8000|flower:5555|metrics:9464)", f"http://127.0.0.1:{behind.server_port}", text)
    changed = changed.replace(" /tmp/", f" {place}/").replace("/etc/nginx/listen.conf", str(place / "listen.conf"))
    changed = changed.replace("client_header_timeout 10s", "client_header_timeout 1s")
    changed = changed.replace("client_body_timeout 10s", "client_body_timeout 1s").replace(
        "/dev/stdout", str(place / "log")
    )
    listen = (deploy / "nginx/listen.conf").read_text()
    for number, port in ports.items():
        changed = changed.replace(f"listen {number};", f"listen 127.0.0.1:{port};")
        changed = changed.replace(f"listen 127.0.0.1:{number};", f"listen 127.0.0.1:{port};")
        listen = listen.replace(f"listen {number};", f"listen 127.0.0.1:{port};")
    (place / "listen.conf").write_text(listen)
    (place / "nginx.conf").write_text(changed)
    place.chmod(0o755)
    command = [NGINX, "-p", str(place), "-c", str(place / "nginx.conf"), "-g", "daemon off; user root;"]
    process = subprocess.Popen(command if os.geteuid() == 0 else [*command[:-1], "daemon off;"])
    wait_for(ports[8081])
    yield ports, place
    process.terminate()
    process.wait(10)
    behind.shutdown()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body=body, headers={"X-Forwarded-For": "203.0.113.7"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_requests_reach_the_api_and_say_who_really_asks(front):
    assert ask(front[0][8080], "GET", "/v1/jobs?limit=1") == (200, "/v1/jobs?limit=1 127.0.0.1 http")


def test_body_that_is_too_large_is_refused_and_a_batch_may_be_larger(front):
    assert ask(front[0][8080], "POST", "/v1/jobs", bytes(22 * 2**20))[0] == 413
    assert ask(front[0][8080], "POST", "/v1/batches", bytes(22 * 2**20))[0] == 200


def test_slow_header_and_slow_body_are_ended(front):
    for start in (
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", front[0][8080]), timeout=10) as slow:
            slow.sendall(start)
            began = time.monotonic()
            said = b""
            try:
                while part := slow.recv(4096):
                    said += part
            except ConnectionResetError:
                pass
            assert time.monotonic() - began < 8
            assert said == b"" or b" 408 " in said


def test_flowers_open_pages_and_everything_but_metrics_are_closed(front):
    ports, _ = front
    assert ask(ports[5555], "GET", "/metrics")[0] == 404
    assert ask(ports[5555], "GET", "/healthcheck")[0] == 404
    assert ask(ports[5555], "GET", "/tasks")[0] == 200
    assert ask(ports[9464], "GET", "/metrics")[0] == 200
    assert ask(ports[9464], "GET", "/anything")[0] == 404
    assert ask(ports[8081], "GET", "/alive")[0] == 204


def test_log_tells_no_path(front):
    ports, place = front
    ask(ports[8080], "GET", "/v1/jobs/SPECIMENID?name=SPECIMENNAME")
    deadline = time.monotonic() + 5
    log = Path(place / "log")
    while '"status": "200"' not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert '"event": "nginx.answered"' in log.read_text()
    assert "SPECIMEN" not in log.read_text()


def test_configuration_with_tls_is_one_that_nginx_takes(front, deploy):
    _, place = front
    certificate, key = place / "certificate", place / "key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=specimen.example"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    listen = (deploy / "nginx/listen-tls.conf").read_text()
    for number in (8080, 8443):
        listen = listen.replace(f"listen {number}", f"listen 127.0.0.1:{free_port()}")
    listen = listen.replace("/run/secrets/tls_certificate", str(certificate)).replace("/run/secrets/tls_key", str(key))
    (place / "listen-tls.conf").write_text(listen)
    text = (place / "nginx.conf").read_text().replace("/listen.conf", "/listen-tls.conf")
    (place / "tls.conf").write_text(text)
    tried = subprocess.run(
        [str(NGINX), "-t", "-p", str(place), "-c", str(place / "tls.conf")], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stderr
