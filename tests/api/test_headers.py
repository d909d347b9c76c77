"""Every answer says what a browser must not do with it: data, pages, refusals and errors that nobody expected."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from core import settings
from core.settings import settings as known


@pytest.mark.parametrize("path", ["/v1/jobs", "/livez", "/openapi.json", "/docs", "/v1/nothing-here", "/v2.0/nothing"])
def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_data_may_load_nothing_and_a_page_may_run_what_is_its_own(client):
    assert "default-src 'none'" in client.get("/v1/jobs").headers["content-security-policy"]
    assert "default-src" not in client.get("/docs").headers["content-security-policy"]


def test_refused_upload_carries_them_too(client):
    refused = client.post("/v1/jobs", headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    assert refused.headers["cache-control"] == "no-store"
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_error_that_nobody_expected_carries_them_too(settings_env):
    from api.main import create_app

    app = create_app()

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_is_said_of_tls_unless_the_operator_has_it(client, settings_env, monkeypatch):
    assert "strict-transport-security" not in client.get("/livez").headers
    from api.main import create_app

    monkeypatch.setenv("IDMILL_HSTS_SECONDS", "31536000")
    known.cache_clear()
    try:
        with TestClient(create_app()) as with_tls:
            assert with_tls.get("/livez").headers["strict-transport-security"] == "max-age=31536000"
    finally:
        known.cache_clear()


def test_secrets_may_come_as_files(settings_env, monkeypatch, tmp_path):
    (tmp_path / "idmill_key_pepper").write_text("from a file " * 4 + "\n")
    (tmp_path / "database_url").write_text("postgresql+psycopg://from.a.file/idmill\n")
    monkeypatch.setattr(settings, "SECRETS", tmp_path)
    monkeypatch.delenv("IDMILL_KEY_PEPPER")
    known.cache_clear()
    try:
        assert known().key_pepper.get_secret_value() == ("from a file " * 4).strip()
        assert known().database_url.get_secret_value() == settings_env["DATABASE_URL"], "the environment goes first"
    finally:
        known.cache_clear()
