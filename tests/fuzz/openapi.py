"""Every OpenAPI document of a running API held against its answers, by Schemathesis: all operations, all methods."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import httpx2

from core import keys, organizations
from core.keys import Scope
from core.transaction import transaction
from lab.specimens.draw import specimen
from worker import hold
from worker.run_job import run_next_job

DOCUMENTS = ("", "/api/v1/backend", "/v2.0", "/v2.1")  #: where an application with a document of its own is mounted
KNOWN_SHARE = 0.8  #: of the ids that are tried exist
PHASES = "coverage,fuzzing,stateful"
WITHOUT = (  #: checks that cannot hold
    # A picture's bytes, a receiver's address, two dates in order: what makes them good no schema says.
    "positive_data_acceptance",
    # One organization's ids are in the answers to its own key; `test_route_matrix` asks with another's.
    "object_level_authorization",
)

#: NHN's service answers HTTP 200 whatever was wrong; the code is in the body.
ALWAYS_200 = ("negative_data_rejection", "missing_required_header", "ignored_auth", "unsupported_method")

Identifiers = Mapping[str, list[str]]  #: name of a path's parameter: values that exist


def populate(url: str, organization_id: UUID) -> tuple[str, Identifiers]:
    """A key with every scope, and ids of one of everything: jobs of each outcome, sessions, batches, endpoints, keys.

    Reads in this process, whose settings are those of the API.
    """
    with transaction() as db:
        organizations.get(db, organization_id).calls_per_minute = 10_000_000
        key = keys.issue(db, organization_id, label="SPECIMEN", scopes=list(Scope)).text
        spare = keys.issue(db, organization_id, label="SPECIMEN", scopes=[Scope.JOBS_READ]).public_id
    headers = {"Authorization": f"Bearer {key}"}
    passport = specimen("td3", "clean", 7).picture
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        endpoint = client.post("/v1/webhook-endpoints", json={"url": "https://receiver.example/"}).json()["id"]
        jobs = [_upload(client, picture) for picture in (passport, passport[:200], passport)]
        images = [("images", ("a.jpg", passport)), ("images", ("b.jpg", b"no picture"))]
        batch = client.post("/v1/batches", files=images, data={"document": "mrz"}).json()["id"]
        try:
            for _ in range(4):
                run_next_job()
        finally:
            hold.close()
        client.delete(f"/v1/jobs/{jobs[2]}")
        jobs.append(_upload(client, passport))  # nobody reads this one
        sessions = [client.get(f"/v1/jobs/{job_id}").json()["session_id"] for job_id in (*jobs[:2], jobs[3])]
        deliveries = client.get(f"/v1/webhook-endpoints/{endpoint}/deliveries").json()["items"]
    return key, {
        "job_id": jobs,
        "session_id": sessions,
        "batch_id": [batch],
        "endpoint_id": [endpoint],
        "delivery_id": [one["id"] for one in deliveries],
        "organization_id": [str(organization_id)],
        "public_id": [spare],
    }


def _upload(client: httpx2.Client, picture: bytes) -> str:
    answer = client.post("/v1/jobs", files={"image": ("a.jpg", picture)}, data={"document": "mrz"})
    return str(answer.json()["id"])


def broken_promises(
    url: str,
    document: str,
    key: str,
    known: Identifiers,
    *,
    directory: Path,
    seed: int,
    examples: int,
    seconds: int | None = None,
) -> str:
    """What Schemathesis found, in its words; empty when every answer was as the document says.

    Tries `examples` of each operation in each phase, or as many as `seconds` allow.
    """
    config = directory / "schemathesis.toml"
    config.write_text("\n".join(_configuration(known)))
    without = WITHOUT + ALWAYS_200 if document.startswith("/v2") else WITHOUT
    limits = ["--max-examples", str(examples)] if seconds is None else ["--max-time", str(seconds)]
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(config), "--no-color", "run", f"{url}{document}/openapi.json"),
        *("--header", f"Authorization: Bearer {key}", "--request-timeout", "30", "--request-retries", "0"),
        *("--phases", PHASES, "--checks", "all", "--exclude-checks", ",".join(without)),
        *("--seed", str(seed), "--generation-deterministic"),
        *("--continue-on-failure", "--no-shrink", "--warnings", "off", *limits),
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"


def _configuration(known: Identifiers) -> Iterator[str]:
    bound = {f"path.{name}": (name, KNOWN_SHARE) for name, values in known.items() if values}
    yield "[parameters]"
    yield '"query.wait" = 0'  # nobody reads here: waiting would only take time
    yield '"header.prefer" = "respond-async"'
    for parameter, (dictionary, probability) in bound.items():
        yield f'"{parameter}" = {{ dictionary = "{dictionary}", probability = {probability} }}'
    for dictionary, _ in bound.values():
        yield f"[dictionaries.{dictionary}]"
        yield f"values = {json.dumps(known[dictionary])}"
    yield "[[operations]]"
    yield 'include-path = "/v1/events"'  # answers for ever when it is asked to
    yield "enabled = false"
