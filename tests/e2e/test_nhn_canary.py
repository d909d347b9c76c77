"""A client written from NHN's guide against a whole running idmill; then what it sent is searched for everywhere."""

from __future__ import annotations

import base64
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import redis

from cli import env_files
from cli.embedded import ports, postgres
from lab.specimens import draw

RESIDENT_NUMBER, ISSUE_DATE = "9001011234568", "20150321"
_CLIENT = Path(__file__).parents[1] / "api" / "dialects" / "nhn" / "client.py"


class Machine:
    """One `idmill up` on a state directory, and the guide's client of its demo organization."""

    def __init__(self, var: Path) -> None:
        self.var, self.said = var, var.parent / "said"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")}
        for replaced in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(replaced, None)
        self.metrics_port = ports.free()
        command = [sys.executable, "-m", "cli.main", "up", "--var", str(var), "--workers", "1"]
        command += ["--metrics-port", str(self.metrics_port)]
        with self.said.open("w") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, env=environment, start_new_session=True)
        deadline = time.monotonic() + 150
        while "is ready after" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        self.env = env_files.read(var / "demo.env")

    def client(self, version: str):
        spec = importlib.util.spec_from_file_location("nhn_client", _CLIENT)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        http = httpx2.Client(base_url=self.env["IDMILL_URL"], timeout=60, trust_env=False)
        token = self.env["IDMILL_NHN_TOKEN"] if version == "v2.1" else None
        pair = self.env["IDMILL_NHN_APPKEY"], self.env["IDMILL_NHN_SECRET_KEY"]
        return module.Client(http, *pair, version=version, token=token)

    def surfaces(self) -> dict[str, bytes]:
        """What an operator can look at while it runs: Valkey key by key, Flower, the metrics, the job list."""
        configuration = (self.var / "valkey" / "valkey.conf").read_text()
        lines = dict(line.split(" ", 1) for line in configuration.splitlines() if " " in line)
        port, password = lines["port"], lines["requirepass"].strip('"')
        found = {}
        for database in range(4):
            with redis.Redis(port=int(port), password=password, db=database) as valkey:
                for key in valkey.scan_iter():
                    found[f"valkey {database} {key!r}"] = key + (valkey.dump(key) or b"")
        flower = self.env["IDMILL_FLOWER_URL"]
        table = {"draw": 1, "start": 0, "length": 50, "search[value]": ""}
        table |= {"order[0][column]": 0, "columns[0][data]": "name"}
        for path, query in (("/tasks", {}), ("/tasks/datatable", table), ("/workers", {})):
            found[f"flower {path}"] = httpx2.get(flower + path, params=query, trust_env=False).content
        metrics = httpx2.get(f"http://127.0.0.1:{self.metrics_port}/metrics", trust_env=False)
        assert b"idmill_" in metrics.content
        found["metrics"] = metrics.content
        key = {"Authorization": f"Bearer {self.env['IDMILL_API_KEY']}"}
        jobs = httpx2.get(self.env["IDMILL_URL"] + "/v1/jobs", headers=key, trust_env=False)
        assert jobs.status_code == 200
        found["jobs"] = jobs.content
        return found

    def files(self) -> dict[str, bytes]:
        """Every file that it left: logs, raw Postgres pages and WAL, Valkey's, blobs."""
        roots = [self.var, postgres.outside_directory(self.var)]
        paths = [path for root in roots if root is not None for path in Path(root).rglob("*") if path.is_file()]
        kept = {str(path): path.read_bytes() for path in paths if path.name != "demo.env"}
        return kept | {"said": self.said.read_bytes()}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    running = Machine(closed / "var")
    try:
        yield running
    finally:
        running.end()
        outside = postgres.outside_directory(running.var)
        if outside is not None:
            shutil.rmtree(outside)


def _written(value: bytes) -> tuple[bytes, ...]:
    """A value as it is, as Postgres writes bytes, and in Base64."""
    return value, value.hex().encode(), base64.b64encode(value)


def test_every_operation_works_and_nothing_of_it_is_found_afterwards(machine: Machine) -> None:
    card = draw.specimen(draw.PAYMENT_CARD, "clean", 2)
    passport = draw.specimen("td3", "clean", 7)
    secrets: list[bytes] = []
    for version in ("v2.0", "v2.1"):
        client = machine.client(version)
        read = client.credit_card(card.picture)
        assert read.code == 0, read.body
        assert read.open(read.result["totalCardNum"]) == card.values["number"]
        assert [read.open(one["value"]) for one in read.result["cardNums"]] == card.values["groups"].split()
        assert read.open(read.result["validThru"]["value"]) == card.values["valid_thru"]
        analysed = client.id_card(passport.picture)
        assert analysed.key_values()["MRZ2"] == passport.truth_lines[1]
        alone = client.id_card_alone(passport.picture)
        assert alone.code == 0
        assert alone.request_key is None
        claims = {"name": "SPECIMEN", "residentNumber": RESIDENT_NUMBER, "issueDate": ISSUE_DATE}
        checked = client.authenticity(analysed.request_key, "resident", **claims)
        assert checked.code in {0, 5000503, 4000001, 4000122}, checked.body
        assert client.picture("credit-card", passport.picture, service="credit-card").code in {4000111, 5003013}
        secrets += [read.sealer.key, analysed.sealer.key, client.credentials["Authorization"].encode()]
        secrets += [read.result["totalCardNum"].encode(), analysed.result["keyValues"][0]["value"].encode()]
    secrets += [card.values["number"].encode(), card.values["groups"].encode(), RESIDENT_NUMBER.encode()]
    secrets += [b"900101-1234568", passport.truth_lines[1].encode()]
    surfaces = machine.surfaces()
    assert len(surfaces) > 4
    machine.end()  # a clean end writes every page
    files = machine.files()
    assert any("base" in Path(name).parts for name in files)
    shown = surfaces.pop("jobs")  # the native API shows what was read, a card number masked
    assert b"payment_card" in shown
    assert card.values["number"].encode() not in shown
    surfaces |= files
    needles = [needle for secret in secrets if secret for needle in _written(secret)]
    told = [name for name, content in surfaces.items() for needle in needles if needle in content]
    assert not told
