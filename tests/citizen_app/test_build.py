"""A checkout whose pages were never built says so, and says what to do."""

import os
import subprocess
import sys
from pathlib import Path

from tests.frontdoor.installation import copy_checkout


def test_a_start_without_the_built_pages_is_refused_with_what_to_do(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout", is_built=False)
    refused = subprocess.run(
        [sys.executable, "-P", "-m", "backend", "serve"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "CAUNOI_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert "./run setup" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "var" / "postgres").exists()
