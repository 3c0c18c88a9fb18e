"""Moments look alike wherever they are written: by the server, and by the browser."""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from backend.web.language import Language
from backend.web.moments import written_day, written_moment

WORDS: Final = Path(__file__).parents[2] / "web/src/shell/words.js"
MOMENTS: Final = (
    datetime(2026, 11, 22, 7, 5, tzinfo=UTC),
    datetime(2026, 12, 31, 16, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 12, 31, 17, 0, tzinfo=UTC),
    datetime(2024, 2, 28, 20, 30, tzinfo=UTC),
    datetime(1969, 5, 9, 0, 0, tzinfo=UTC),
)


def test_a_moment_is_a_time_and_a_day_in_vietnam() -> None:
    assert written_moment(MOMENTS[0], "vi") == "14:05, 22/11/2026"
    assert written_moment(MOMENTS[0], "en") == "14:05, 22 Nov 2026"
    assert written_day(MOMENTS[2], "vi") == "01/01/2027"
    assert written_day(date(2026, 3, 4), "en") == "4 Mar 2026"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_browser_writes_moments_as_the_server_does(language: Language) -> None:
    if shutil.which("node") is None:
        pytest.skip("no node (./run setup dev)")
    script = (
        f"globalThis.document = {{documentElement: {{lang: '{language}'}}}};"
        f"const {{moment}} = await import('file://{WORDS}');"
        "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(moment)));"
    )
    asked = json.dumps([moment.isoformat(timespec="milliseconds") for moment in MOMENTS])
    done = subprocess.run(
        ["node", "--no-warnings", "--input-type=module", "-e", script, asked],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(done.stdout) == [written_moment(moment, language) for moment in MOMENTS]
