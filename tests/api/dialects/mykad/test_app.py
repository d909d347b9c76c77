"""The MyKAD OCR API over HTTP: both headers, its ten keys, every row of its error table, JSON whatever happens."""

from __future__ import annotations

import io

import httpx2
import pytest
import yaml
from PIL import Image
from sqlalchemy import make_url

from api.dialects.mykad import fields
from core import organizations
from core.settings import settings
from core.transaction import transaction

UNAUTHORIZED = {"error": "Unauthorized: missing or invalid API key."}
EMPTY = dict.fromkeys(fields.KEYS, "")


@pytest.fixture
def post(url, new_key):
    """Sends a form to the dialect with a good key in `X-API-Key`, or with the headers given."""

    def send(*, headers=None, timeout=60, **form):
        headers = {"X-API-Key": new_key()} if headers is None else headers
        return httpx2.post(f"{url}/api.php", headers=headers, timeout=timeout, trust_env=False, **form)

    return send


def picture_as(kind, size=(640, 400)):
    stream = io.BytesIO()
    Image.new("RGB", size, "grey").save(stream, kind)
    return stream.getvalue()


GREY = {"image": ("id.jpg", picture_as("JPEG"))}


def assert_refused(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert isinstance(answer.json()["error"], str)
    assert len(answer.json()["error"]) > 10
    assert answer.headers["access-control-allow-origin"] == "*"


def native(url, new_key, answer):
    """The job behind an answer, as the native API shows it."""
    headers = {"X-API-Key": new_key()}
    return httpx2.get(f"{url}/v1/jobs/{answer.headers['x-job-id']}", headers=headers, trust_env=False).json()


# --- every row of the error table


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"data": {"prompt": "no picture"}},
        {"data": {"image": "a text, no file"}},
        {"files": {"picture": GREY["image"]}},
        {"files": {"image": ("id.jpg", b"")}},
        {"files": {"image": ("id.jpg", b"words")}},
        {"files": {"image": ("id.jpg", b"%PDF-1.7 no picture here")}},
        {"files": {"image": ("id.tif", picture_as("TIFF"))}},
        {"files": GREY, "data": {"prompt": "x" * 1001}},
        {"files": GREY, "data": {"prompt": "a\x00b"}},
        {"content": b"no form at all"},
        {"json": {"image": "aGVsbG8="}},
    ],
)
def test_400_for_a_form_that_cannot_be_used(post, form):
    assert_refused(post(**form), 400)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"--other\r\n\r\n",
        b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nno end',
        b"--frontier\r\nno header\r\n\r\n--frontier--\r\n",
        b"\r\n" * 1000,
    ],
)
@pytest.mark.parametrize("media_type", ["multipart/form-data; boundary=frontier", "multipart/form-data"])
def test_400_for_a_body_that_is_no_form(post, new_key, content, media_type):
    assert_refused(post(headers={"X-API-Key": new_key(), "Content-Type": media_type}, content=content), 400)


def test_400_for_a_body_over_the_limit(post):
    answer = post(files={"image": ("id.jpg", b"\xff\xd8\xff" + bytes(21_000_000))})
    assert_refused(answer, 400)
    assert "larger" in answer.json()["error"]


def test_401_in_the_words_of_the_service(post, new_key):
    good = new_key()
    for headers in (
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "690bbfb0-b8f4-8323-a67e-d3f4d4a40d37"},
        {"Authorization": good},
        {"Authorization": f"Basic {good}"},
        {"Authorization": "Bearer"},
        {"X-API-Key": good[:-1]},
    ):
        answer = post(headers=headers, files=GREY)
        assert_refused(answer, 401)
        assert answer.json() == UNAUTHORIZED


def test_401_comes_before_the_body_is_looked_at(post):
    big = {"image": ("id.jpg", b"\xff\xd8\xff" + bytes(5_000_000))}
    assert post(headers={}, files=big).json() == UNAUTHORIZED
    assert post(headers={}, content=b"no form").json() == UNAUTHORIZED


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "BREW"])
def test_405_for_every_other_method(url, method):
    answer = httpx2.request(method, f"{url}/api.php", trust_env=False)
    assert answer.headers["allow"] == "POST, OPTIONS"
    if method == "HEAD":
        assert answer.status_code == 405
    else:
        assert_refused(answer, 405)


def test_500_for_a_server_that_is_not_set_up(post, new_key, postgres, settings_env):
    key = {"X-API-Key": new_key()}
    database = make_url(settings_env["DATABASE_URL"]).database
    with postgres.connect(database) as owner:
        owner.execute("ALTER TABLE api_keys RENAME TO not_migrated")
    try:
        answer = post(headers=key, files=GREY)
    finally:
        with postgres.connect(database) as owner:
            owner.execute("ALTER TABLE not_migrated RENAME TO api_keys")
    assert_refused(answer, 500)
    assert "api_keys" not in answer.text


def test_502_when_the_database_is_away(url, new_key, monkeypatch):
    from core.db import engine

    key = new_key()
    remembered = (settings, engine.engine, engine.new_session)
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    engine.engine().dispose()
    for one in remembered:
        one.cache_clear()
    try:
        answer = httpx2.post(f"{url}/api.php", headers={"X-API-Key": key}, files=GREY, timeout=30, trust_env=False)
    finally:
        monkeypatch.undo()
        for one in remembered:
            one.cache_clear()
    assert_refused(answer, 502)


# --- what the table has no row for


def test_429_says_when_to_come_back(post, organization_id):
    with transaction() as db:
        organizations.get(db, organization_id).calls_per_minute = 1
    answers = [post() for _ in range(3)]  # a form without a picture: no answer is waited for
    assert_refused(answers[-1], 429)
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_404_below_the_path_is_json_too(url):
    for path in ("/api.php/", "/api.php/nothing", "/api.php/nothing/openapi.yaml"):
        assert_refused(httpx2.get(url + path, trust_env=False), 404)
        assert_refused(httpx2.post(url + path, trust_env=False), 404)


# --- other origins, and the document


def test_preflight_needs_no_key_and_allows_post_with_both_headers(url):
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    for headers in ({}, asked, {**asked, "Access-Control-Request-Headers": "x-api-key,authorization"}):
        answer = httpx2.options(f"{url}/api.php", headers=headers, trust_env=False)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
        assert {"x-api-key", "authorization"} <= {
            name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")
        }


def test_document_is_openapi_303_and_says_what_is_served(url):
    answer = httpx2.get(f"{url}/api.php/openapi.yaml", trust_env=False)
    assert answer.headers["content-type"].startswith("application/yaml")
    document = yaml.safe_load(answer.text)
    assert document["openapi"] == "3.0.3"
    assert list(document["paths"]) == ["/api.php"]
    (operation,) = document["paths"]["/api.php"].values()
    assert operation["operationId"] == "ocrUpload"
    assert set(operation["responses"]) == {"200", "4XX", "5XX"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == schema["required"] == list(fields.KEYS)
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert (list(form["properties"]), form["required"]) == (["image", "prompt"], ["image"])
    assert document["components"]["securitySchemes"]["ApiKeyAuth"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
    }
