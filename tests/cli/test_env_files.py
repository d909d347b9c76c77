"""KEY=VALUE files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli import env_files, own_secrets

AWKWARD = {
    "PLAIN": "abc",
    "SPACED": "a b  c",
    "QUOTED": 'it\'s "so" $HOME `x` \\n',
    "EMPTY": "",
    "URL": "http://u:p@h:1/x?y=1#z",
}


def test_what_is_written_is_read_back_by_us_and_by_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "some.env"
    env_files.write(file, AWKWARD, comment="two\nlines")
    assert env_files.read(file) == AWKWARD
    script = f'. "{file}"; ' + "".join(f'printf "%s\\0" "${name}"; ' for name in AWKWARD)
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.split("\0")[:-1] == list(AWKWARD.values())


def test_only_the_owner_may_read_it_also_when_it_replaces_an_open_one(tmp_path: Path) -> None:
    file = tmp_path / "some.env"
    file.write_text("OLD=1\n")
    file.chmod(0o644)
    env_files.write(file, {"NEW": "2"})
    assert file.stat().st_mode & 0o777 == 0o600
    assert env_files.read(file) == {"NEW": "2"}
    assert list(tmp_path.iterdir()) == [file]


def test_no_file_holds_no_values(tmp_path: Path) -> None:
    assert env_files.read(tmp_path / "none.env") == {}


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    first = own_secrets.kept_in(tmp_path)
    assert own_secrets.kept_in(tmp_path) == first
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert own_secrets.fresh() != own_secrets.fresh()


def test_a_secret_that_a_new_release_needs_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = own_secrets.kept_in(tmp_path)
    values = env_files.read(tmp_path / "secrets.env")
    del values["IDMILL_FLOWER_PASSWORD"]
    env_files.write(tmp_path / "secrets.env", values)
    second = own_secrets.kept_in(tmp_path)
    assert second.flower_password != first.flower_password
    assert second.vault_keys == first.vault_keys
    assert own_secrets.kept_in(tmp_path) == second


@pytest.mark.parametrize("name", own_secrets.OwnSecrets.__slots__)
def test_no_secret_shows_itself(name: str) -> None:
    secrets = own_secrets.fresh()
    assert getattr(secrets, name) not in repr(secrets)
