"""compose.yaml: the command lines are those of the code, every setting exists, nobody may more than it must."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml

OURS = ("migrate", "api", "worker", "sweeper", "webhooks", "metrics", "flower", "operator")
OVERRIDES = ("compose.s3.yaml", "compose.rabbitmq.yaml", "compose.tls.yaml")
NOT_SETTINGS = {"REMAP_SIGTERM", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "AWS_REGION", "AWS_ENDPOINT"}


def plain(value: str) -> str:
    """A value with what Compose fills in when nothing is set: ${NAME:-default}, $$ for $."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", str(value)).replace("$$", "$")


@pytest.mark.parametrize("name", ["migrate", "api", "worker", "sweeper", "webhooks", "metrics", "flower"])
def test_command_line_is_the_one_that_idmill_up_runs(compose, commands, name):
    assert [plain(word) for word in compose["services"][name]["command"]] == commands[name]


@pytest.mark.parametrize("name", ["worker", "webhooks"])
def test_environment_that_goes_with_a_command_line_is_there(compose, children, name):
    environment = {key: str(value) for key, value in compose["services"][name]["environment"].items()}
    assert children[name].env.items() <= environment.items()


@pytest.mark.parametrize("name", ["worker", "webhooks", "api", "sweeper"])
def test_process_is_given_the_time_that_it_takes_to_end(compose, children, name):
    seconds = int(compose["services"][name].get("stop_grace_period", "10s").removesuffix("s"))
    assert seconds >= children[name].grace_seconds


def test_every_variable_is_a_setting(compose, variables, deploy):
    for file in ("compose.yaml", *OVERRIDES):
        for name, service in yaml.safe_load((deploy / file).read_text())["services"].items():
            if name in OURS:
                assert set(service.get("environment", {})) <= variables | NOT_SETTINGS


def test_every_secret_is_a_setting_or_known_to_who_gets_it(compose, variables):
    for name in OURS:
        known = {variable.lower() for variable in variables} | {"flower_basic_auth"}
        assert set(compose["services"][name]["secrets"]) <= known


def test_every_process_finds_all_settings_that_have_no_default(compose):
    for name in set(OURS) - {"migrate"}:
        service = compose["services"][name]
        given = {key.lower() for key in service["environment"]} | set(service["secrets"])
        assert given >= {"database_url", "redis_url", "idmill_key_pepper", "idmill_vault_keys"}


def test_who_opens_nothing_has_no_key(compose):
    for name in ("metrics", "flower", "migrate"):
        assert not {"idmill_key_pepper", "idmill_vault_keys"} & set(compose["services"][name]["secrets"])
    assert "database_url" not in compose["services"]["flower"]["secrets"]


def test_only_the_webhook_sender_may_leave(compose):
    assert compose["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in compose["services"].items() if "outside" in service["networks"]}
    assert outside == {"webhooks"}
    assert {name for name, service in compose["services"].items() if "front" in service["networks"]} == {"nginx"}


def test_only_nginx_is_published_and_the_operators_ports_to_this_host_alone(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"nginx": ["8080:8080", "127.0.0.1:5555:5555", "127.0.0.1:9464:9464"]}


def test_every_container_is_read_only_without_rights_and_says_whether_it_is_well(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        if service.get("restart") != "no":
            assert service["healthcheck"]["test"], name


def test_images_of_others_have_a_version_and_ours_a_target_of_the_dockerfile(compose, deploy):
    targets = set(re.findall(r"(?m)^FROM .* AS ([a-z]+)$", (deploy / "Dockerfile").read_text()))
    for name, service in compose["services"].items():
        if name in OURS:
            assert service["build"]["target"] == name
            assert name in targets
        else:
            assert re.search(r":[0-9]+(\.[0-9]+)?(-[a-z]+)?$", service["image"]), service["image"]


def test_everything_that_is_named_is_there(compose, deploy):
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (deploy / source).exists() if source.startswith(".") else source in compose["volumes"], volume


def test_who_waits_waits_for_what_can_be(compose):
    for service in compose["services"].values():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][other]
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert compose["services"][other]["restart"] == "no"
    assert compose["services"]["api"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("file", OVERRIDES)
def test_override_names_services_secrets_and_files_that_are_there(compose, deploy, file):
    override = yaml.safe_load((deploy / file).read_text())
    secrets = set(compose["secrets"]) | set(override.get("secrets", {}))
    for name, service in override["services"].items():
        assert name in compose["services"] or "image" in service
        for secret in service.get("secrets", ()):
            assert (secret if isinstance(secret, str) else secret["source"]) in secrets
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (deploy / source).exists() if source.startswith(".") else source in override["volumes"]


def test_secrets_are_made_once_and_are_what_the_services_need(compose, deploy, tmp_path):
    shutil.copy(deploy / "make-secrets", tmp_path)
    for _ in range(2):
        made = subprocess.run([tmp_path / "make-secrets"], capture_output=True, text=True, check=True)
    directory = tmp_path / "secrets"
    assert made.stdout.strip() == str(directory)
    assert directory.stat().st_mode & 0o077 == 0
    texts = {file.name: file.read_text().strip() for file in directory.iterdir()}
    assert set(texts) == set(compose["secrets"])
    assert {f"./secrets/{name}" for name in texts} == {entry["file"] for entry in compose["secrets"].values()}
    from core import vault

    assert list(vault.parse_keys(texts["idmill_vault_keys"])) == ["k1"]
    assert len(texts["idmill_key_pepper"]) == 64
    assert (
        texts["database_url"] == f"postgresql+psycopg://idmill:{texts['postgres_role_password']}@postgres:5432/idmill"
    )
    assert texts["valkey_password"].split() == [
        "requirepass",
        texts["redis_url"].partition(":@")[0][9:].partition("@")[0],
    ]


def test_secrets_are_not_for_git(deploy):
    ignored = subprocess.run(
        ["git", "check-ignore", "deploy/secrets/idmill_vault_keys"], cwd=deploy.parent, check=False, capture_output=True
    )
    assert ignored.returncode == 0


def test_role_that_the_script_makes_owns_its_database_and_is_no_superuser(deploy, postgres_server, tmp_path):
    program = postgres_server.home.programs / "psql"
    psql = shutil.which("psql") or (str(program) if program.exists() else None)
    if psql is None:
        pytest.skip("no psql on this machine")
    script = (deploy / "postgres/10-idmill.sh").read_text()
    (tmp_path / "password").write_text("SPECIMEN'quoted\n")
    script = script.replace("/run/secrets/postgres_role_password", str(tmp_path / "password"))
    script = script.replace("idmill LOGIN", "scripted LOGIN").replace("idmill OWNER idmill", "scripted OWNER scripted")
    script = script.replace("idmill_app", "scripted_app").replace("TO idmill;", "TO scripted;")
    environment = {
        **os.environ,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres_server.port),
        "PGPASSWORD": postgres_server.superuser_password,
        "POSTGRES_USER": "postgres",
    }
    subprocess.run(["sh", "-c", script], env=environment, check=True, timeout=60)
    with postgres_server.connect() as connection:
        role = "select rolsuper, rolcreaterole, rolcanlogin from pg_roles where rolname = 'scripted'"
        assert connection.execute(role).fetchone() == (False, False, True)
        acts_as = "select pg_has_role('scripted', 'scripted_app', 'SET'), rolcanlogin from pg_roles where rolname = %s"
        assert connection.execute(acts_as, ["scripted_app"]).fetchone() == (True, False)
        connection.execute("drop database scripted")
        connection.execute("drop role scripted")
        connection.execute("drop role scripted_app")
