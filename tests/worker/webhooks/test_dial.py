"""No webhook reaches an address that is not public, by literal, name, rebinding or redirect. Time is bounded."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import errors, targets
from worker.webhooks import dial

LOOPBACK = targets.networks("127.0.0.0/8,::1/128")
PUBLIC = ipaddress.ip_address("8.8.8.8")


class Canary:
    """Listens on every address of this machine and counts who connects."""

    def __init__(self, family, address):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind((address, 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self.count, daemon=True).start()

    def count(self):
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()


@pytest.fixture
def canary():
    one = Canary(socket.AF_INET, "0.0.0.0")
    yield one
    one.socket.close()


def post(url, **how):
    return dial.post(url, {"Content-Type": "application/json"}, b"{}", **{"seconds": 2.0, **how})


@pytest.fixture(scope="module")
def bad_hosts():
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "core" / "test_targets.py"
    spec = importlib.util.spec_from_file_location("test_targets_as_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.BAD_LITERALS + module.BAD_ENCODINGS


def test_no_literal_or_encoding_of_one_reaches_the_canary(canary, bad_hosts):
    assert len(bad_hosts) >= 60
    with socket.create_connection(("127.0.0.1", canary.port)):
        pass  # the canary does hear whoever comes
    time.sleep(0.05)
    assert canary.visits == 1
    for scheme in ("http", "https"):
        for host in bad_hosts:
            with pytest.raises((errors.TargetRefused, dial.DialFailed)):
                post(f"{scheme}://{host}:{canary.port}/hook", seconds=0.5)
    time.sleep(0.1)
    assert canary.visits == 1


def test_name_with_one_bad_address_among_good_ones_is_refused(canary):
    for bad in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "2002:7f00:1::1"):
        with pytest.raises(errors.TargetRefused):
            post(
                f"https://example.com:{canary.port}/", resolver=lambda *_, bad=bad: [PUBLIC, ipaddress.ip_address(bad)]
            )
    assert canary.visits == 0


def test_rebinding_resolver_is_asked_once_and_only_its_judged_answer_is_dialled(canary, monkeypatch):
    asked, dialled = [], []

    def rebinding(host, _port):
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else [ipaddress.ip_address("127.0.0.1")]

    def connect(address, timeout):
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved behind the resolver's back"))
    with pytest.raises(dial.DialFailed, match="connection_failed"):
        post(f"https://rebinding.example.com:{canary.port}/", resolver=rebinding)
    assert asked == ["rebinding.example.com"]
    assert dialled == [("8.8.8.8", canary.port)]
    assert canary.visits == 0


def test_names_of_this_machine_are_refused_by_what_they_resolve_to(canary):
    for name in ("localhost", socket.gethostname()):
        with pytest.raises((errors.TargetRefused, dial.DialFailed)):
            post(f"https://{name}:{canary.port}/")
    assert canary.visits == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_is_not_followed(canary, receiver, status):
    receiver.always = (status, {"Location": f"http://127.0.0.1:{canary.port}/metadata"}, b"")
    assert post(receiver.url, allowed=LOOPBACK).status == status
    assert len(receiver.got) == 1
    assert canary.visits == 0


def test_proxies_of_the_environment_are_not_used(canary, receiver, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    assert post(receiver.url, allowed=LOOPBACK).status == 200
    assert canary.visits == 0


def test_allowed_receiver_gets_the_name_it_was_called_by(receiver):
    answer = post(
        f"http://receiver.example.com:{receiver.port}/hook?a=b",
        allowed=LOOPBACK,
        resolver=lambda *_: [ipaddress.ip_address("127.0.0.1")],
    )
    headers, body = receiver.got[0]
    assert headers["host"] == f"receiver.example.com:{receiver.port}"
    assert (answer.status, answer.start, body) == (200, b"thank you", b"{}")


def test_long_answer_is_cut(receiver):
    receiver.always = (500, {}, b"x" * 100_000)
    assert len(post(receiver.url, allowed=LOOPBACK).start) == dial.ANSWER_BYTES


@pytest.fixture
def tls_receiver(tmp_path, monkeypatch):
    """A TLS server for `receiver.example.com`, trusted by this process; says which name it was asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SPECIMEN")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    names = []
    context.sni_callback = lambda _sock, sni, _context: names.append(sni)
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                plain, _ = server.accept()
                with context.wrap_socket(plain, server_side=True) as secured:
                    request = b""
                    while not request.endswith(b"{}"):
                        request += secured.recv(65536)
                    secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], names
    server.close()


def test_tls_is_checked_for_the_name_while_the_judged_address_is_dialled(tls_receiver):
    port, names = tls_receiver
    to_loopback = {"allowed": LOOPBACK, "resolver": lambda *_: [ipaddress.ip_address("127.0.0.1")]}
    assert post(f"https://receiver.example.com:{port}/", **to_loopback).status == 204
    assert names == ["receiver.example.com"]
    with pytest.raises(dial.DialFailed, match="tls_failed"):
        post(f"https://another.example.com:{port}/", **to_loopback)


def dripping_server(first: bytes, drip: bytes):
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        visitor, _ = server.accept()
        try:
            visitor.sendall(first)
            while True:
                visitor.sendall(drip)
                time.sleep(0.1)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return server


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_receiver_that_drips_bytes_is_ended_by_the_clock(first):
    server = dripping_server(first, b"a")
    started = time.monotonic()
    with server, pytest.raises(dial.DialFailed, match="timed_out"):
        post(f"http://127.0.0.1:{server.getsockname()[1]}/", allowed=LOOPBACK, seconds=0.7)
    assert 0.6 < time.monotonic() - started < 1.5


def test_body_that_never_ends_takes_nothing_from_the_status():
    server = dripping_server(b"HTTP/1.1 200 OK\r\n\r\n", b"a")
    started = time.monotonic()
    with server:
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", allowed=LOOPBACK, seconds=0.7)
    assert answer.status == 200
    assert time.monotonic() - started < 1.5


def test_receiver_that_is_not_there_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(dial.DialFailed, match="connection_failed"):
        post(f"http://127.0.0.1:{port}/", allowed=LOOPBACK)
    with pytest.raises(dial.DialFailed, match="name_unknown"):
        post("https://no-such-name.invalid/", allowed=LOOPBACK)
