"""The joined application: every operation has a policy, every job a handler, floors hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.app import create_app
from backend.settings import S3Settings, Settings
from backend.web.policies import list_policies
from backend.worker import HANDLERS
from tests.house.sources import product_modules, text_of
from tests.shared_data import CHECKOUT


@pytest.fixture(scope="module")
def offline_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an application that is looked at, but never started."""
    return Settings(
        var_dir=tmp_path_factory.mktemp("var"),
        database_url="postgresql://nobody@127.0.0.1:1/nothing",
        s3=S3Settings(url="http://127.0.0.1:1", access_key="a", secret_key="b"),
        secret_key=b"never used",
    )


def test_every_operation_declares_a_policy(offline_settings: Settings) -> None:
    operations = list(list_policies(create_app(offline_settings)))
    assert {"/healthz", "/readyz"} <= {path for path, *_ in operations}
    assert [name for _, _, name, policy in operations if policy is None] == []


def test_every_job_has_a_handler_and_every_handler_a_job() -> None:
    # put into the queue by insert_jobs(…, [("name", payload)]) or in SQL by SELECT 0, 'name', …
    put = re.compile(r"""insert_jobs\(\s*\w+,\s*\[\(\s*"(\w+)"|SELECT 0, '(\w+)',""")
    enqueued = {
        job
        for name in product_modules()
        for found in put.findall(text_of(name))
        for job in found
        if job
    }
    assert enqueued == set(HANDLERS)


def test_imports_point_down_only() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout
