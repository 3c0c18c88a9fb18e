"""The private cluster and its neighbours: where they lie, who may enter, what they survive."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from backend.roof import processes
from backend.roof.cluster import Cluster, find_cluster, prepare_cluster
from backend.roof.database_server import ensure_database, running_pid, start_cluster
from backend.roof.errors import AlreadyRuns
from backend.roof.installation import holder, locked
from backend.roof.libpq import client_environment, run_client
from backend.roof.logs import shorten_logs
from backend.roof.places import prepare_var, read_or_make_secret
from tests.embedded import place_for_sessions


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with TemporaryDirectory(prefix="caunoi-cluster-", dir=place_for_sessions()) as folder:
        Path(folder).chmod(0o755)
        prepare_var(Path(folder))
        yield Path(folder)


@contextmanager
def running(var_dir: Path) -> Iterator[tuple[Cluster, subprocess.Popen[bytes]]]:
    """The cluster of this folder while it runs."""
    cluster = prepare_cluster(var_dir)
    process = start_cluster(
        cluster, log_path=var_dir / "log" / "postgresql.log", options={"shared_buffers": "16MB"}
    )
    try:
        yield cluster, process
    finally:
        pid = running_pid(cluster)
        processes.end(process, first=signal.SIGQUIT)
        if pid is not None:
            processes.wait_for_end(pid, seconds=10)


async def test_nobody_enters_without_the_password(var_dir: Path) -> None:
    with running(var_dir) as (cluster, _):
        ensure_database(cluster)
        for host in (str(cluster.socket_folder), "127.0.0.1"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(
                    host=host, port=cluster.port, user="caunoi", password="x", database="postgres"
                )
        for url in (cluster.url, cluster.tcp_url):
            connection = await asyncpg.connect(url)
            assert await connection.fetchval("SHOW data_checksums") == "on"
            assert await connection.fetchval("SHOW fsync") == "on"
            await connection.close()
        hba = run_client(
            "psql", ["-Atc", "TABLE pg_hba_file_rules"], url=cluster.url_of("postgres")
        )
        assert "trust" not in hba
    assert (var_dir / "secrets" / "database-password").stat().st_mode & 0o777 == 0o600


async def test_vietnamese_names_sort_as_in_a_dictionary_and_know_their_capitals(
    var_dir: Path,
) -> None:
    with running(var_dir) as (cluster, _):
        connection = await asyncpg.connect(cluster.url_of("postgres"))
        rows = await connection.fetch(
            'SELECT name FROM unnest($1::text[]) AS name ORDER BY name COLLATE "vi-x-icu"',
            ["Đức Phổ", "Trà Bồng", "Dung Quất", "Ba Tơ", "Đặng", "Em"],
        )
        # codes compare as bytes, letters are still those of Unicode
        assert await connection.fetchval("SELECT 'ĐƯỜNG' ILIKE '%đường%' AND 'Z' < 'a'")
        await connection.close()
    assert [row["name"] for row in rows] == [
        "Ba Tơ", "Dung Quất", "Đặng", "Đức Phổ", "Em", "Trà Bồng",
    ]  # fmt: skip


def test_a_killed_server_starts_again_at_once_with_its_data(var_dir: Path) -> None:
    with running(var_dir) as (cluster, process):
        ensure_database(cluster, "kept")
        process.kill()
        process.wait()
        again = start_cluster(cluster, log_path=var_dir / "log" / "postgresql.log")
        assert "kept" in run_client("psql", ["-lqAt"], url=cluster.url_of("postgres"))
        processes.end(again, first=signal.SIGINT)


def test_a_pid_file_that_names_another_program_does_not_hinder_the_start(var_dir: Path) -> None:
    with running(var_dir) as (cluster, process):
        kept = (cluster.folder / "postmaster.pid").read_text().splitlines()
        processes.end(process, first=signal.SIGINT)
        # after a reboot the number belongs to somebody else: to us
        (cluster.folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *kept[1:]]))
        assert running_pid(cluster) is None
        again = start_cluster(cluster, log_path=var_dir / "log" / "postgresql.log")
        processes.end(again, first=signal.SIGINT)


def test_a_server_left_over_by_a_killed_parent_is_replaced(var_dir: Path) -> None:
    with running(var_dir) as (cluster, left):
        again = start_cluster(cluster, log_path=var_dir / "log" / "postgresql.log")
        assert left.wait(5) == 0
        assert running_pid(cluster) == again.pid
        processes.end(again, first=signal.SIGINT)


def test_a_port_that_somebody_took_meanwhile_is_replaced(var_dir: Path) -> None:
    first = prepare_cluster(var_dir)
    assert prepare_cluster(var_dir).port == first.port
    with socket.create_server(("127.0.0.1", first.port)):
        moved = prepare_cluster(var_dir)
    assert moved.port != first.port
    found = find_cluster(var_dir)
    assert found is not None
    assert found.port == moved.port


def test_a_long_path_gets_its_socket_elsewhere(var_dir: Path) -> None:
    deep = var_dir / ("a-folder-with-a-long-name-" * 4)
    prepare_var(deep)
    with running(deep) as (cluster, _):
        assert not cluster.socket_folder.is_relative_to(deep)
        assert cluster.socket_folder.stat().st_mode & 0o777 == 0o700
    cluster.socket_folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")
def test_a_closed_folder_makes_the_cluster_lie_elsewhere_and_says_so(var_dir: Path) -> None:
    closed = var_dir / "closed"
    closed.mkdir(mode=0o700)
    prepare_var(closed / "var")
    said: list[str] = []
    cluster = prepare_cluster(closed / "var", say=said.append)
    try:
        assert cluster.folder.is_relative_to("/var/lib/caunoi")
        assert str(cluster.folder) in said[0]
        assert json.loads((closed / "var" / "cluster.json").read_text())["folder"] == str(
            cluster.folder
        )
        with running(closed / "var") as (again, _):
            assert again.folder == cluster.folder
    finally:
        subprocess.run(["rm", "-r", str(cluster.folder.parent)], check=True)


def test_only_one_process_holds_an_installation(var_dir: Path) -> None:
    assert holder(var_dir) is None
    with locked(var_dir):
        assert holder(var_dir) == os.getpid()
        with pytest.raises(AlreadyRuns) as refused, locked(var_dir):
            raise AssertionError
        assert refused.value.pid == os.getpid()
    assert holder(var_dir) is None


def test_a_secret_is_made_once_and_closed(tmp_path: Path) -> None:
    made = read_or_make_secret(tmp_path / "deep" / "key")
    assert read_or_make_secret(tmp_path / "deep" / "key") == made
    assert len(made) >= 40
    assert (tmp_path / "deep" / "key").stat().st_mode & 0o777 == 0o600


def test_a_long_log_is_shortened_while_its_writer_goes_on(tmp_path: Path) -> None:
    with (tmp_path / "web.log").open("ab", buffering=0) as log:
        for round_number in range(6):
            log.write(f"round {round_number}\n".encode() * 20)
            shorten_logs(tmp_path, max_bytes=100)
        log.write(b"last\n")
    assert (tmp_path / "web.log").read_text() == "last\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "web.log", "web.log.1", "web.log.2", "web.log.3",
    ]  # fmt: skip
    assert "round 5" in (tmp_path / "web.log.1").read_text()


def test_client_programs_are_told_the_password_by_the_environment_only() -> None:
    environ = client_environment("postgresql://me:s%40cret@/province?host=%2Frun%2Fpg&port=5433")
    assert {name: environ[name] for name in environ if name.startswith("PG")} == {
        "PGHOST": "/run/pg",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "s@cret",
        "PGDATABASE": "province",
        "PGCONNECT_TIMEOUT": "10",
    }
