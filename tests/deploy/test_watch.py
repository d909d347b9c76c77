"""Alerts and the dashboard ask for numbers that exist, and every alert has a page in the runbooks."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

WORDS = {"idmill"}
OF_THE_DEMO = {"IDMILL_URL", "IDMILL_API_KEY"}  #: in demo.env, for clients


@pytest.fixture(scope="module")
def told(settings_env) -> dict[str, set[str]]:
    """Every series that the metrics process tells, and the labels of its family."""
    from worker import metrics, tally

    numbers = metrics.Numbers()
    counted = numbers._tally
    counted.outcomes["received", "mrz", ""] = 1
    counted.troubles["lease_lost"] = 1
    counted.requests["5xx", "refused"] = 1
    counted.waits["accepted_to_ended"] = tally.Durations(tally.WAITS)
    counted.stages["total"] = tally.Durations(tally.STAGES)
    registry = CollectorRegistry()
    registry.register(numbers)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        found.setdefault(family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.fixture(scope="module")
def rules(deploy):
    (group,) = yaml.safe_load((deploy / "prometheus/alerts.yaml").read_text())["groups"]
    return group["rules"]


def asked(expression: str) -> list[tuple[str, set[str]]]:
    """Series and the labels that are matched in braces."""
    found = re.findall(r"\b(idmill_\w+)(?:\{([^}]*)\})?", expression)
    return [(name, set(re.findall(r"(\w+)(?:=|!=|=~|!~)", braces))) for name, braces in found]


def test_every_alert_asks_for_numbers_that_exist(rules, told):
    for rule in rules:
        series = asked(rule["expr"])
        assert series
        for name, labels in series:
            assert name in told, (rule["alert"], name)
            assert labels <= told[name], (rule["alert"], name)


def test_every_panel_asks_for_numbers_that_exist(deploy, told):
    dashboard = json.loads((deploy / "grafana/idmill.json").read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            series = asked(target["expr"])
            assert series
            for name, labels in series:
                by = set(re.findall(r"by \(([^)]*)\)", target["expr"]))
                grouped = {word.strip() for words in by for word in words.split(",")}
                assert name in told, (panel["title"], name)
                assert labels | (grouped - {"le"}) <= told[name] | {"le"}, (panel["title"], name)


def test_every_number_is_on_the_dashboard_or_in_an_alert(deploy, rules, told):
    text = (deploy / "grafana/idmill.json").read_text() + str(rules)
    unused = {name for name in told if name not in text} - {"idmill_info"}
    families = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in unused}
    assert {family for family in families if family not in text} == set() | ({"idmill_info"} & families)


def test_every_alert_has_its_page_and_every_page_its_alert(deploy, rules):
    runbooks = (deploy.parent / "docs/runbooks.md").read_text()
    pages = re.findall(r"(?m)^## (Idmill\w+)$", runbooks)
    assert pages == [rule["alert"] for rule in rules]
    for rule in rules:
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")


def test_pages_name_commands_and_settings_that_exist(deploy, variables):
    from click.testing import CliRunner

    from cli.main import main

    for name in ("docs/runbooks.md", "docs/security.md", "docs/deploy.md", "README.md"):
        text = (deploy.parent / name).read_text()
        for words in set(re.findall(r"`idmill ([a-z]+(?: [a-z]+)?)", text)):
            asked_for = [word for word in words.split() if word not in {"on", "off"}]
            answer = CliRunner().invoke(main, [*asked_for, "--help"])
            assert answer.exit_code == 0, (name, words)
        unknown = set(re.findall(r"\b(IDMILL_[A-Z_]+[A-Z])\b", text)) - variables - OF_THE_DEMO
        assert unknown == set(), name
        for path in re.findall(r"`((?:deploy|docs|core|worker|cli|api|tests)/[\w./-]+)`", text):
            assert (deploy.parent / path).exists() or path.startswith("deploy/secrets"), (name, path)
        targets = set(re.findall(r"(?m)^([a-z]+):", (deploy.parent / "Makefile").read_text()))
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets, name
        for module in set(re.findall(r"python -m ([a-z_.]+[a-z])", text)):
            assert importlib.util.find_spec(module), (name, module)
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (deploy.parent / name).parent.joinpath(link).exists(), (name, link)
