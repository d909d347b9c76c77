"""Outgrowing one machine: APIs and workers with nothing in common but Postgres, Valkey and a bucket."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import boto3
import httpx2
import pytest
from moto.server import ThreadedMotoServer

from cli.embedded import ports
from tests.chaos import world
from tests.worker.reader import misbehaving

pytestmark = pytest.mark.timeout(400)
BUCKET = "pictures"


@pytest.fixture(scope="module")
def bucket():
    """An S3-compatible server of this machine: the variables that lead to it, and a client."""
    port = ports.free()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "SPECIMEN",
        "AWS_SECRET_ACCESS_KEY": "SPECIMEN",
        "AWS_REGION": "us-east-1",
    }
    client = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id="SPECIMEN",
        aws_secret_access_key="SPECIMEN",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    yield variables, client
    server.stop()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory, bucket):
    """Two hosts: an API, a worker and a sweeper each, every one with a directory of its own."""
    variables, _ = bucket
    directory = tmp_path_factory.mktemp("hosts")
    settings = {**variables, "IDMILL_BLOBS": f"s3://{BUCKET}/blobs"}
    with world.running(directory, is_durable=False, **settings) as both:
        for number in range(2):
            mine = {"IDMILL_VAR": str(directory / f"host-{number}"), "TMPDIR": str(directory / f"tmp-{number}")}
            Path(mine["TMPDIR"]).mkdir(parents=True)
            both.add_api(**mine)
            both.add_worker(children=1, **mine)
            both.add_sweeper(**mine)
        yield both


def test_every_upload_through_either_api_is_read_by_either_worker(hosts, bucket):
    _, client = bucket
    key = hosts.new_key()
    ids = []
    for number in range(24):
        answer = httpx2.post(
            f"{hosts.url(number)}/v1/jobs",
            files={"image": ("picture.jpg", misbehaving.picture(seconds=0.2))},
            data={"document": "mrz"},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())},
            timeout=30,
        )
        assert answer.status_code == 202, answer.text
        ids.append(answer.json()["id"])
    ended = {job_id: wait_for_end(hosts, number + 1, key, job_id) for number, job_id in enumerate(ids)}
    assert {job["status"] for job in ended.values()} == {"RECEIVED"}
    deadline = time.monotonic() + 20  # the client is told first, the picture forgotten then
    while (kept := client.list_objects_v2(Bucket=BUCKET).get("Contents", [])) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert kept == []
    readers = {log.name: log.read_text().count('"event": "job.claimed"') for log in logs_of(hosts)}
    assert sum(readers.values()) == len(ids)
    assert all(readers.values()), readers
    assert not (hosts.directory / "blobs").exists()


def test_bucket_that_is_away_refuses_uploads_in_time_and_keeps_none(hosts, bucket, tmp_path):
    del bucket
    api = hosts.add_api(AWS_ENDPOINT_URL=f"http://127.0.0.1:{ports.free()}", IDMILL_VAR=str(tmp_path))
    key = hosts.new_key()
    started = time.monotonic()
    answer = httpx2.post(
        f"http://127.0.0.1:{hosts.api_ports[-1]}/v1/jobs",
        files={"image": ("picture.jpg", misbehaving.picture())},
        data={"document": "mrz"},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - started < 30
    listed = httpx2.get(f"{hosts.url(0)}/v1/jobs", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    assert listed.json()["items"] == []
    api.stop()


def wait_for_end(hosts, number, key, job_id):
    headers = {"Authorization": f"Bearer {key}"}
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        job = httpx2.get(f"{hosts.url(number)}/v1/jobs/{job_id}?wait=5", headers=headers, timeout=30).json()
        if job["status"] != "CREATED":
            return job
    raise AssertionError("it does not end")


def logs_of(hosts):
    return sorted((hosts.directory / "log").glob("worker-*.log"))
