"""The same tests again at night, with five times as many examples and fresh ones each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_the_rules_hold_for_many_more_examples() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not nightly", str(HERE)],
        env={**os.environ, "CAUNOI_HYPOTHESIS": "nightly"},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
