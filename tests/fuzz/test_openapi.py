"""Schemathesis over every OpenAPI document of a real API: what it answers is what it says."""

from __future__ import annotations

import pytest

from tests.fuzz import openapi

EXAMPLES = 4  #: of each operation in each phase; `python -m tests.fuzz openapi --seconds 600` tries many more


@pytest.fixture
def known(url, organization_id):
    return openapi.populate(url, organization_id)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", openapi.DOCUMENTS)
def test_every_operation_is_answered_as_the_document_says(url, known, tmp_path, document):
    key, identifiers = known
    told = openapi.broken_promises(url, document, key, identifiers, directory=tmp_path, seed=1, examples=EXAMPLES)
    assert not told, told
