"""The embedded Postgres, on real clusters."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli import children
from cli.embedded import postgres
from cli.embedded.postgres import Postgres


def prepared(var: Path, password: str = "abc123", *, is_durable: bool = False) -> Postgres:
    return postgres.prepare(var, superuser_password=password, role_password="role123", is_durable=is_durable)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A state directory below one that only we may enter, cleaned up wherever the cluster went."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    directory = locked / "var"
    directory.mkdir()
    yield directory
    outside = postgres.outside_directory(directory)
    if outside is not None:
        shutil.rmtree(outside)


def rows(server: Postgres) -> list[int]:
    with server.connect(postgres.DATABASE) as connection:
        return [row[0] for row in connection.execute("select n from kept order by n")]


def test_the_application_role_owns_its_database_and_is_no_superuser(postgres_server: Postgres) -> None:
    plain = postgres_server.url().replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        connection.execute("create table mine (n int)")
        connection.execute("drop table mine")
        is_super = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    assert is_super == (False,)


def test_a_wrong_password_is_refused(postgres_server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1", port=postgres_server.port, user=postgres.ROLE, password="wrong", dbname=postgres.DATABASE
        )


def test_it_listens_on_loopback_only(postgres_server: Postgres) -> None:
    with postgres_server.connect() as connection:
        row = connection.execute(
            "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert row == ("127.0.0.1", "")


def test_committed_rows_survive_kill_9_and_a_new_start(var: Path) -> None:
    server = prepared(var, is_durable=True)
    running = children.start_and_wait(server.child(var / "log"))
    server.make_role_and_database()
    with server.connect(postgres.DATABASE) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept select generate_series(1, 100)")
    os.kill(running.pid, signal.SIGKILL)
    running.stop()
    assert (server.home.cluster / "postmaster.pid").exists()

    again = prepared(var, is_durable=True)
    running = children.start_and_wait(again.child(var / "log"))
    try:
        again.make_role_and_database()
        assert rows(again) == list(range(1, 101))
    finally:
        running.stop()


def test_a_server_left_over_by_a_crash_is_ended_before_the_next_start(var: Path) -> None:
    first = children.start_and_wait(prepared(var).child(var / "log"))
    second = children.start_and_wait(prepared(var).child(var / "log"))
    try:
        assert first.exit_status() is not None
        assert second.exit_status() is None
    finally:
        second.stop()


@pytest.mark.parametrize("text", ["", f"{os.getpid()}\n/elsewhere\n"], ids=["empty", "own"])
def test_a_pid_file_that_names_no_server_is_in_nobodys_way(var: Path, text: str) -> None:
    server = prepared(var)
    (server.home.cluster / "postmaster.pid").write_text(text)
    running = children.start_and_wait(prepared(var).child(var / "log"))
    running.stop()


def test_a_cluster_whose_password_is_lost_is_put_aside_not_deleted(
    var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared(var, "first")
    server = prepared(var, "second")
    running = children.start_and_wait(server.child(var / "log"))
    running.stop()
    aside = list(server.home.directory.glob("data.put-aside-*"))
    assert len(aside) == 1
    assert (aside[0] / "PG_VERSION").exists()
    assert str(aside[0]) in capsys.readouterr().err


def test_an_interrupted_initdb_is_repeated(var: Path) -> None:
    server = prepared(var)
    shutil.move(server.home.cluster, server.home.directory / "data.unfinished")
    again = prepared(var)
    assert (again.home.cluster / "PG_VERSION").exists()


def test_no_password_is_left_in_a_file_or_shown_on_a_command_line(var: Path) -> None:
    server = prepared(var, "abc123secret")
    for path in server.home.directory.iterdir():
        if path.is_file():
            assert "abc123secret" not in path.read_text()
    assert "abc123secret" not in " ".join(server.child(var / "log").command)
    assert "abc123secret" not in repr(server)
    assert "role123" not in repr(server)


def test_the_cluster_is_closed_to_everybody_else(var: Path) -> None:
    server = prepared(var)
    assert stat.S_IMODE(server.home.cluster.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its user")
class TestAsRoot:
    def test_nobody_runs_it_though_the_checkout_is_closed_to_nobody(self, var: Path) -> None:
        server = prepared(var)
        running = children.start_and_wait(server.child(var / "log"))
        try:
            assert Path(f"/proc/{running.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        finally:
            running.stop()
        assert server.home.directory.stat().st_uid == 0
        assert server.home.programs.stat().st_uid == 0
        assert postgres.outside_directory(var) == server.home.directory

    def test_a_place_that_is_somebody_elses_is_not_used(self, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place = Path(tempfile.mkdtemp(dir="/var/tmp"))
        try:
            place.chmod(0o755)
            monkeypatch.setattr(postgres, "_PLACES_FOR_ROOT", (place,))
            squatted = prepared(var).home.directory
            os.chown(squatted, 12345, 12345)
            with pytest.raises(postgres.PostgresUnavailable, match="somebody else"):
                prepared(var)
        finally:
            shutil.rmtree(place)
        (var / "postgres").unlink()

    def test_a_user_without_a_name_is_told_so_in_one_sentence(self) -> None:
        code = (
            "import os, pathlib; from cli.embedded import postgres; os.setgid(54321); os.setuid(54321)\n"
            "try: postgres.prepare(pathlib.Path('/'), superuser_password='a', role_password='b')\n"
            "except postgres.PostgresUnavailable as refused: print(refused)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "user id 54321, which has no name" in done.stdout, done.stderr
        assert "DATABASE_URL" in done.stdout
