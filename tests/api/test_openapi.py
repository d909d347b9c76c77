"""The OpenAPI document held against a real API process: no generated request is answered otherwise than it says."""

from __future__ import annotations

import os

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cli import children, processes
from cli.embedded import ports
from core.keys import Scope

EXAMPLES = 10  #: of good and as many of bad requests for each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
LENIENT = {"GET /v1/usage", "GET /v1/jobs"}  #: a time may also be seconds since 1970, which the document does not say
STREAMING = {"GET /v1/events"}  #: answers for ever when it is asked to


@pytest.fixture(scope="module")
def api_url(settings_env, tmp_path_factory):
    port = ports.free()
    log = tmp_path_factory.mktemp("api") / "api.log"
    running = children.start_and_wait(processes.api({**os.environ, **settings_env}, log, host="127.0.0.1", port=port))
    yield f"http://127.0.0.1:{port}"
    running.stop()
    assert '"event": "api.failed"' not in log.read_text()


def operations_of(schema):
    return [found.ok() for found in schema.get_all_operations()]


def test_document_names_what_it_serves(api_url):
    paths = {one.path for one in operations_of(schemathesis.openapi.from_url(f"{api_url}/openapi.json"))}
    assert {"/v1/jobs", "/v1/jobs/{job_id}", "/v1/sessions/{session_id}", "/livez", "/readyz"} <= paths


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
def test_generated_requests_are_answered_as_the_document_says(api_url, new_key, mode):
    headers = {"Authorization": f"Bearer {new_key(*Scope)}"}
    schema = schemathesis.openapi.from_url(f"{api_url}/openapi.json")
    is_bad = mode is schemathesis.GenerationMode.NEGATIVE
    failed = [
        told
        for operation in operations_of(schema)
        if operation.label not in STREAMING
        and (
            told := told_by(
                operation, mode, CHECKS + [negative_data_rejection] * _must_refuse(operation, is_bad), headers
            )
        )
    ]
    assert not failed, "\n\n".join(failed)


def _must_refuse(operation, is_bad):
    return is_bad and operation.label not in LENIENT


def told_by(operation, mode, checks, headers):
    """What was wrong with the answers of one operation; empty when nothing was."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        for name in ("wait", "Prefer", "prefer"):  # nobody reads here: waiting would only take time
            for place in (case.query, case.headers):
                if place and name in place:
                    del place[name]
        case.call_and_validate(checks=checks, headers=headers, timeout=30)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        return ""  # there is no bad request to an operation that takes anything
    except BaseExceptionGroup as failure:
        return f"{operation.label}: {_words(failure)[:1500]}"
    return ""


def _words(failure):
    inner = getattr(failure, "exceptions", ())
    return "\n".join([str(failure), *map(_words, inner)])
