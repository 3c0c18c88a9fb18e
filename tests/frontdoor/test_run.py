"""./run as an operator meets it: start, second start, status, stop, and reasons for refusals."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from backend.roof import processes
from backend.roof.places import free_port
from tests import embedded
from tests.frontdoor.conftest import MakeInstallation
from tests.frontdoor.installation import Installation, copy_checkout


def test_detached_start_returns_once_ready_with_the_demo_loaded_once(
    make_installation: MakeInstallation,
) -> None:
    installation = make_installation(demo="on")
    started = installation.run("--detach")
    assert started.returncode == 0, started.stdout
    assert installation.status_of("/readyz") == 200
    assert f"http://127.0.0.1:{installation.port}" in started.stdout
    logins = json.loads((installation.var_dir / "demo-logins.json").read_text())
    assert {"admin", "leader", "moderator", "officer", "citizen", "wall"} <= {
        login["role"] for login in logins
    }
    agencies = {login["agency"] for login in logins if login["role"] == "officer"}
    assert len(agencies) >= 3
    for login in logins:
        assert login["username"] is None or login["username"] in started.stdout
    installation.run("stop")
    again = installation.run("--detach")
    assert again.returncode == 0
    assert (installation.var_dir / "log" / "prepare.log").read_text().count("loading the demo") == 1
    installation.run("stop")


def test_stop_leaves_nothing_and_a_second_start_serves_again(running: Installation) -> None:
    assert running.run("stop").returncode == 0
    assert running.living_processes() == []
    assert running.status_of("/readyz") == 0
    running.start()
    assert running.status_of("/readyz") == 200


@pytest.mark.nightly
def test_second_start_serves_within_six_seconds_and_stops_within_ten(running: Installation) -> None:
    begun = time.monotonic()
    running.run("stop")
    assert time.monotonic() - begun < 10
    begun = time.monotonic()
    running.start()
    assert time.monotonic() - begun < 6


@pytest.mark.nightly
@pytest.mark.timeout(200)
def test_a_fresh_checkout_serves_the_demo_within_ninety_seconds(
    make_installation: MakeInstallation, checkout: Path
) -> None:
    # an environment of its own, filled from the registry
    fresh = copy_checkout(checkout / "fresh", is_built=False)
    installation = make_installation(checkout=fresh, demo="on", venv="")
    begun = time.monotonic()
    started = installation.run("--detach", seconds=180)
    assert started.returncode == 0, started.stdout
    assert time.monotonic() - begun < 90
    assert installation.status_of("/") == 200
    installation.run("stop")


def test_a_start_of_what_already_runs_says_so(running: Installation) -> None:
    supervisor = int((running.var_dir / "caunoi.pid").read_text())
    detached = running.run("--detach")
    assert detached.returncode == 0
    assert f"already runs here (process {supervisor})" in detached.stdout
    attached = running.run()
    assert attached.returncode == 1
    assert f"already runs here (process {supervisor})" in attached.stdout
    assert int((running.var_dir / "caunoi.pid").read_text()) == supervisor


def test_status_lists_every_part_with_its_memory(running: Installation) -> None:
    shown = running.run("status")
    assert shown.returncode == 0
    rows = {line.split()[0]: line.split() for line in shown.stdout.splitlines()[1:]}
    assert {"supervisor", "postgresql", "objects", "web", "worker", "sum"} <= rows.keys()
    assert rows["web"][1:3] == [str(running.pid_of("web")), str(running.port)]
    assert 50 < int(rows["sum"][1]) <= 600


def test_two_installations_of_one_checkout_run_side_by_side(
    running: Installation, make_installation: MakeInstallation
) -> None:
    other = make_installation()
    other.start()
    assert [one.status_of("/readyz") for one in (running, other)] == [200, 200]
    mine, theirs = (
        (one.var_dir / "cluster.json").read_text() + (one.var_dir / "objects.port").read_text()
        for one in (running, other)
    )
    assert mine != theirs
    other.run("stop")
    assert other.living_processes() == []
    assert running.status_of("/readyz") == 200


def test_status_of_a_stopped_installation_is_three_and_stopping_it_is_no_error(
    make_installation: MakeInstallation,
) -> None:
    installation = make_installation()
    assert installation.run("status").returncode == 3
    assert installation.run("stop").returncode == 0


def test_ctrl_c_ends_what_runs_in_the_foreground(make_installation: MakeInstallation) -> None:
    installation = make_installation(web_processes="2")
    with subprocess.Popen(
        [installation.checkout / "run"],
        env=installation.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while "Ctrl-C stops" not in (line := process.stdout.readline()):
            assert line, "it ended by itself"
        assert installation.status_of("/readyz") == 200
        assert 0 not in (installation.pid_of("web-1"), installation.pid_of("web-2"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)
    assert process.returncode == 0
    assert installation.living_processes() == []


def test_a_taken_port_is_named_and_leaves_nothing_running(
    make_installation: MakeInstallation,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        installation = make_installation(port=taken.getsockname()[1])
        refused = installation.run("--detach")
    assert refused.returncode == 1
    assert f"Port {installation.port} cannot be used" in refused.stdout
    assert installation.living_processes() == []


def test_a_senseless_setting_is_named(make_installation: MakeInstallation) -> None:
    refused = make_installation(limits="sometimes").run("--detach")
    assert refused.returncode == 1
    assert "CAUNOI_LIMITS" in refused.stdout


@pytest.mark.parametrize(
    ("module", "what"),
    [("app.py", "web ended while starting"), ("demo/load.py", "Preparing the data failed")],
)
def test_a_part_that_cannot_start_is_reported_with_its_reason(
    make_installation: MakeInstallation,
    tmp_path_factory: pytest.TempPathFactory,
    module: str,
    what: str,
) -> None:
    broken = copy_checkout(tmp_path_factory.mktemp("broken"))
    (broken / "backend" / module).write_text("raise RuntimeError('broken on purpose')")
    installation = make_installation(checkout=broken, demo="on" if "demo" in module else "off")
    refused = installation.run("--detach")
    assert refused.returncode == 1
    assert what in refused.stdout
    assert "RuntimeError: broken on purpose" in refused.stdout
    assert installation.living_processes() == []


@pytest.mark.nightly
def test_a_database_that_does_not_come_is_waited_for_and_then_reported(
    make_installation: MakeInstallation,
) -> None:
    installation = make_installation(database_url=f"postgresql://a:b@127.0.0.1:{free_port()}/c")
    refused = installation.run("--detach")
    assert refused.returncode == 1
    assert "waiting for the database" in refused.stdout
    assert installation.living_processes() == []


def test_an_external_database_and_store_are_used_and_not_embedded(
    make_installation: MakeInstallation, database_url: str
) -> None:
    store = embedded.session_store().s3
    installation = make_installation(
        database_url=database_url,
        s3_url=store.url,
        s3_access_key=store.access_key,
        s3_secret_key=store.secret_key,
        s3_bucket="made-by-the-front-door",
    )
    installation.start()
    assert installation.status_of("/readyz") == 200
    with pytest.raises(FileNotFoundError):
        (installation.var_dir / "cluster.json").read_text()
    parts = json.loads((installation.var_dir / "state.json").read_text())["parts"]
    assert [part["name"] for part in parts] == ["web", "worker"]
    assert (embedded.session_store().folder / "made-by-the-front-door").is_dir()
    installation.run("stop")
    assert processes.is_alive(running_server_pid())


def running_server_pid() -> int:
    """The session's own database server, which no installation may stop."""
    folder = embedded.session_cluster().folder
    return int((folder / "postmaster.pid").read_text().splitlines()[0])
