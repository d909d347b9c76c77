"""`idmill read`: many files, tables or JSON lines, and an exit code that scripts can use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import read
from lab.specimens import draw


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A passport, a card in a sub-folder, and a file that is no picture."""
    place = tmp_path_factory.mktemp("pictures")
    (place / "inner").mkdir()
    for kind, path in (("td3", place / "passport.jpg"), ("td1", place / "inner" / "card.png")):
        path.write_bytes(draw.specimen(kind, "clean", 1).picture)
    (place / "notes.txt").write_text("not a picture")
    return place


def test_a_folder_is_read_with_what_lies_in_it(folder: Path) -> None:
    done = CliRunner().invoke(read.command, [str(folder), "--json"])
    assert done.exit_code == 0
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["path"]).name for line in told] == ["card.png", "passport.jpg"]
    assert told[1]["document_type"] == "passport"
    assert tuple(told[1]["mrz"]["lines"]) == draw.specimen("td3", "clean", 1).truth_lines
    assert all(line["is_read"] and line["failure"] is None for line in told)


def test_one_unread_picture_makes_the_exit_code_one(folder: Path) -> None:
    done = CliRunner().invoke(read.command, [str(folder / "passport.jpg"), str(folder / "notes.txt"), "--json"])
    assert done.exit_code == 1
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["is_read"]
    assert told[1]["failure"]["reason"] == "unsupported_picture"


def test_the_table_shows_fields_lines_and_checks(folder: Path) -> None:
    specimen = draw.specimen("td3", "clean", 1)
    done = CliRunner().invoke(read.command, [str(folder / "passport.jpg")], env={"COLUMNS": "120"})
    assert done.exit_code == 0
    assert all(line in done.stdout for line in specimen.truth_lines)
    assert specimen.values["birth_date"] in done.stdout
    assert "composite check digit" in done.stdout


def test_a_wrong_call_is_exit_code_two(folder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(read.command, []).exit_code == 2
    assert runner.invoke(read.command, [str(folder / "absent.jpg")]).exit_code == 2
    assert runner.invoke(read.command, [str(tmp_path)]).exit_code == 2
    assert runner.invoke(read.command, [str(folder), "--document", "driving-licence"]).exit_code == 2
