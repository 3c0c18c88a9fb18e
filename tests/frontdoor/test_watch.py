"""What the supervisor does when a part dies, and what is left when the supervisor dies itself."""

import http.client
import os
import signal
from contextlib import closing

import pytest

from tests.frontdoor.conftest import MakeInstallation
from tests.frontdoor.installation import Installation, wait_until


@pytest.mark.parametrize("part", ["web", "worker", "objects"])
def test_a_killed_part_is_started_again(running: Installation, part: str) -> None:
    killed = running.pid_of(part)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.pid_of(part) not in (0, killed), seconds=5)
    wait_until(lambda: running.status_of("/readyz") == 200, seconds=10)
    log = (running.var_dir / "log" / "supervisor.log").read_text()
    assert f"{part} ended with status -9" in log


def test_a_request_waits_in_the_queue_while_the_web_is_restarted(running: Installation) -> None:
    os.kill(running.pid_of("web"), signal.SIGKILL)
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=15)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200


def test_a_killed_postgresql_comes_back_on_its_port_without_a_restart_of_the_web(
    running: Installation,
) -> None:
    killed, web = running.pid_of("postgresql"), running.pid_of("web")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.pid_of("postgresql") not in (0, killed), seconds=10)
    wait_until(lambda: running.status_of("/readyz") == 200, seconds=10)
    assert running.pid_of("web") == web


def test_the_death_of_the_supervisor_takes_everything_with_it_and_the_next_start_works(
    running: Installation,
) -> None:
    os.kill(int((running.var_dir / "caunoi.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: running.living_processes() == [], seconds=15)
    running.start()
    assert running.status_of("/readyz") == 200


def test_stop_does_not_wait_for_a_half_sent_request(make_installation: MakeInstallation) -> None:
    installation = make_installation()
    installation.start()
    # a client that sends half a request and waits is no reason to wait for it
    with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=30)) as slow:
        slow.putrequest("POST", "/api/v1/reports")
        slow.putheader("Content-Length", "100")
        slow.endheaders(b"{")
        took = wait_until(lambda: installation.run("stop").returncode == 0, seconds=10)
    assert took < 10
    assert installation.living_processes() == []
