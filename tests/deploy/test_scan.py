"""The scan for secrets finds each kind, and nothing in what is committed."""

from __future__ import annotations

import base64
import importlib.util
import os
import secrets
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scan():
    spec = importlib.util.spec_from_file_location("scan", ROOT / ".ci" / "scan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def one_of_each() -> dict[str, str]:
    token = secrets.token_urlsafe(32)
    return {
        "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
        "idmill API key": f"idm_{secrets.token_hex(8)}_{token}",
        "vault key": f"k1:{base64.b64encode(os.urandom(32)).decode()}",
        "webhook secret": f"whsec_{base64.b64encode(os.urandom(32)).decode()}",
        "AWS key": f"AKIA{'Q3' * 8}",
        "GitHub token": f"ghp_{'x9' * 18}",
        "Slack token": f"xoxb-{'1b' * 12}",
        "Google key": f"AIza{'z' * 35}",
        "JSON Web Token": f"eyJ{'h' * 12}.eyJ{'p' * 12}.{'s' * 12}",
        "password in a URL": f"postgresql://idmill:{secrets.token_hex(16)}@host/idmill",
    }


def test_every_kind_is_found_where_it_stands(scan):
    assert set(one_of_each()) == set(scan.SECRETS)
    for kind, secret in one_of_each().items():
        assert (3, kind) in scan.secrets_in(f'first\n\nvalue = "{secret}"\nlast'), kind


def test_what_is_invented_and_what_is_no_secret_is_left_alone(scan):
    for harmless in (
        "redis://:PASSWORD@valkey.databases:6379/0",
        "postgresql+psycopg://user:password@host:port/name",
        "none:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "--hash=sha256:" + "ab" * 32,
    ):
        assert scan.secrets_in(harmless) == [], harmless


def test_nothing_that_is_committed_is_a_secret(scan, capsys):
    assert scan.scan_for_secrets() == 0, capsys.readouterr().out


def test_who_cannot_be_asked_is_never_taken_for_a_good_answer(scan, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(scan, "PIP_AUDIT", tmp_path / "not-there")
    assert scan.scan_for_vulnerabilities(must_ask=False) == 0
    assert "NOT CHECKED" in capsys.readouterr().out
    assert scan.scan_for_vulnerabilities(must_ask=True) == 1
