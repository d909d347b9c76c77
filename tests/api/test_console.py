"""The pages as files: nothing inline, nothing from elsewhere, nothing kept, and words that agree with the server's."""

from __future__ import annotations

import re

import pytest

from api.routes.console import FILES
from core.documents import PRINTED_FIELDS, DocumentKind, FailureReason, Verdict
from core.settings import settings
from core.states import Stage

PAGES = {"/": "index.html", "/ops": "ops.html"}
TEXTS = {name: file.content.decode() for name, file in FILES.items()}


@pytest.mark.parametrize("path", PAGES)
def test_page_comes_with_a_policy_that_allows_our_own_files_only(client, path):
    answer = client.get(path, headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", sorted(FILES))
def test_file_is_sent_with_its_type_and_not_twice(client, name):
    answer = client.get(f"/console/{name}", headers={"Authorization": ""})
    assert answer.content == FILES[name].content
    assert answer.headers["content-type"] == FILES[name].media_type
    again = client.get(f"/console/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/console/nothing.js", "/console/__init__.py", "/console/..%2f__init__.py"])
def test_nothing_else_is_sent(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", [name for name in sorted(FILES) if name.endswith(".html")])
def test_page_has_nothing_inline_and_loads_what_there_is(name):
    text = TEXTS[name]
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text) == []
    loaded = re.findall(r'(?:src|href)="/console/([^"]+)"', text)
    assert loaded
    assert set(loaded) <= set(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_file_reaches_no_other_host_and_keeps_nothing(name):
    text = TEXTS[name].replace("http://www.w3.org/2000/svg", "")  # the name of a vocabulary
    assert re.findall(r"https?://|//cdn|@import|url\(", text) == []
    assert (
        re.findall(r"localStorage|sessionStorage|indexedDB|document\.cookie|innerHTML|eval\(|new Function", text) == []
    )
    for imported in re.findall(r'from "\./([^"]+)"', text):
        assert imported in FILES


def test_vocabulary_is_what_this_release_reads(client):
    told = client.get("/console/vocabulary.json", headers={"Authorization": ""}).json()
    assert set(told["kinds"]) == set(DocumentKind)
    assert told["kinds"][0] == DocumentKind.AUTO
    assert {kind: tuple(names) for kind, names in told["fields"].items()} == PRINTED_FIELDS
    assert told["max_upload_bytes"] == settings().max_upload_bytes


def test_page_has_a_word_for_every_kind_stage_reason_and_verdict():
    words = TEXTS["words.js"]
    for vocabulary, name in (
        (DocumentKind, "KINDS"),
        (Stage, "STAGES"),
        (FailureReason, "REASONS"),
        (Verdict, "VERDICTS"),
    ):
        table = re.search(rf"export const {name} = {{(.*?)}};", words, re.DOTALL)
        assert table is not None
        keys = set(re.findall(r"[\"']?([\w-]+)[\"']?:\s", table[1]))
        assert set(vocabulary) <= keys, name
