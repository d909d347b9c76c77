"""The manifests: commands are those of the code, pods may little, the sender alone may leave, KEDA's query runs."""

from __future__ import annotations

import re

import pytest
import yaml
from sqlalchemy import text

from core.transaction import transaction

NOT_SETTINGS = {"REMAP_SIGTERM", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT"}


@pytest.fixture(scope="module")
def pods(manifests):
    """Pod specs by the name of their Deployment or Job."""
    kinds = ("Deployment", "Job")
    return {one["metadata"]["name"]: one["spec"]["template"] for one in manifests if one["kind"] in kinds}


def of_kind(manifests, kind):
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def container(pod):
    (only,) = pod["spec"]["containers"]
    return only


def test_every_file_is_applied_or_says_that_it_is_not(deploy):
    for kustomization in (deploy / "kubernetes").glob("*/kustomization.yaml"):
        listed = yaml.safe_load(kustomization.read_text())["resources"]
        beside = {file.name for file in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}
        assert {one for one in listed if one.endswith(".yaml")} == beside - {"secret.example.yaml"}
        assert all((kustomization.parent / one).exists() for one in listed)


def test_command_lines_are_those_that_idmill_up_runs(pods, commands):
    assert set(pods) == set(commands)
    for name, pod in pods.items():
        assert container(pod)["command"] == commands[name]


def test_environment_that_goes_with_a_command_line_is_there(pods, children):
    for name in ("worker", "webhooks"):
        given = {variable["name"]: variable["value"] for variable in container(pods[name])["env"]}
        assert children[name].env.items() <= given.items()
        assert pods[name]["spec"]["terminationGracePeriodSeconds"] > children[name].grace_seconds


def test_pods_may_little(pods):
    for name, pod in pods.items():
        spec, only = pod["spec"], container(pod)
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert only["resources"]["limits"]["memory"]
        assert only["resources"]["requests"]["cpu"]
        assert name == "migrate" or "livenessProbe" in only


def test_what_is_mounted_is_there(pods, manifests):
    claims = of_kind(manifests, "PersistentVolumeClaim")
    for pod in pods.values():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert {mount["name"] for mount in container(pod)["volumeMounts"]} == set(volumes)
        if "blobs" in volumes:
            assert volumes["blobs"]["persistentVolumeClaim"]["claimName"] in claims


def test_variables_and_secrets_are_settings(pods, manifests, deploy, variables):
    example = yaml.safe_load((deploy / "kubernetes/base/secret.example.yaml").read_text())["stringData"]
    known = {name.lower() for name in variables} | {"flower_basic_auth", "keda_connection"}
    assert set(example) <= known
    assert set(of_kind(manifests, "ConfigMap")["idmill"]["data"]) <= variables
    for pod in pods.values():
        only, items = container(pod), pod["spec"]["volumes"][0]["secret"]["items"]
        assert {variable["name"] for variable in only.get("env", ())} <= variables | NOT_SETTINGS
        assert {item["key"] for item in items} <= set(example)
        assert all(item["key"] == item["path"] for item in items)


def test_every_process_finds_all_settings_that_have_no_default(pods):
    for name, pod in pods.items():
        items = {item["key"] for item in pod["spec"]["volumes"][0]["secret"]["items"]}
        given = items | {variable["name"].lower() for variable in container(pod).get("env", ())}
        wanted = {"database_url", "redis_url", "idmill_key_pepper", "idmill_vault_keys"}
        assert given >= (wanted - {"redis_url"} if name == "migrate" else wanted), name


def test_selectors_find_their_pods(manifests, pods):
    for one in manifests:
        if one["kind"] in {"Deployment", "PodDisruptionBudget"}:
            name = one["metadata"]["name"]
            assert one["spec"]["selector"]["matchLabels"].items() <= pods[name]["metadata"]["labels"].items()
        if one["kind"] == "Service":
            name = one["metadata"]["name"]
            assert one["spec"]["selector"].items() <= pods[name]["metadata"]["labels"].items()
            ports = {port["name"] for port in container(pods[name])["ports"]}
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports


def test_what_must_not_be_away_has_a_budget_and_a_second_replica(manifests):
    budgets = set(of_kind(manifests, "PodDisruptionBudget"))
    assert budgets == {"api", "worker", "sweeper", "webhooks"}
    deployments = of_kind(manifests, "Deployment")
    assert all(deployments[name]["spec"]["replicas"] >= 2 for name in budgets - {"worker"})
    assert "replicas" not in deployments["worker"]["spec"], "KEDA says how many; an apply must not"


def test_only_the_webhook_sender_may_leave(manifests):
    policies = of_kind(manifests, "NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    to_addresses = {
        name: policy["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/name")
        for name, policy in policies.items()
        if any(
            "ipBlock" in peer for rule in policy["spec"].get("egress", ()) for peer in rule.get("to", ({"ipBlock": 1},))
        )
    }
    assert to_addresses == {"webhooks-to-the-world": "webhooks"}


def test_webhooks_may_not_go_where_the_sender_itself_would_not(manifests):
    import ipaddress

    from core import errors, targets

    blocks = [
        peer["ipBlock"]
        for rule in of_kind(manifests, "NetworkPolicy")["webhooks-to-the-world"]["spec"]["egress"]
        for peer in rule["to"]
    ]
    for address in ("10.1.2.3", "127.0.0.1", "169.254.169.254", "100.64.0.1", "fd00::1", "fe80::1", "::1", "224.0.0.1"):
        ip = ipaddress.ip_address(address)
        is_open = any(
            ip in ipaddress.ip_network(block["cidr"])
            and not any(ip in ipaddress.ip_network(one) for one in block["except"])
            for block in blocks
            if ipaddress.ip_network(block["cidr"]).version == ip.version
        )
        assert not is_open, address
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(errors.TargetRefused):
            targets.must_be_allowed(targets.parse(f"https://{host}/"), ip, ())


def test_query_that_scales_workers_counts_what_is_to_be_done(manifests, settings_env):
    scaled = of_kind(manifests, "ScaledObject")["worker"]
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["type"] == "postgresql"
    assert trigger["authenticationRef"]["name"] in of_kind(manifests, "TriggerAuthentication")
    assert scaled["spec"]["scaleTargetRef"]["name"] == "worker"
    with transaction() as db:
        assert db.scalar(text(trigger["metadata"]["query"])) == 0


def test_images_have_a_place_and_a_version(deploy, pods):
    images = yaml.safe_load((deploy / "kubernetes/base/kustomization.yaml").read_text())["images"]
    assert {container(pod)["image"] for pod in pods.values()} == {image["name"] for image in images}
    assert all(re.fullmatch(r"[0-9.]+", image["newTag"]) for image in images)


def test_patches_of_variants_hit_what_they_mean(deploy, pods):
    for variant in ("s3", "rabbitmq"):
        for patch in yaml.safe_load((deploy / f"kubernetes/{variant}/kustomization.yaml").read_text())["patches"]:
            if "target" not in patch:
                continue
            pattern = patch["target"].get("name", "(?!migrate).*")
            hit = [name for name in pods if re.fullmatch(pattern, name)]
            assert hit
            for operation in yaml.safe_load(patch["patch"]):
                for name in hit:
                    _follow(pods[name], operation)


def _follow(pod, operation):
    """What a JSON patch points at below spec/template is there, and is what it is about."""
    value = pod
    *way, last = operation["path"].removeprefix("/spec/template/").split("/")
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value[step]
    if operation["op"] == "remove":
        assert "blobs" in str(value[int(last)])
    else:
        assert last == "-"
        assert isinstance(value, list)
