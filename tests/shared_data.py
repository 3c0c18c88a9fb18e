"""Where the real-world files lie that tests read but the repository does not carry.

They are looked for in CAUNOI_SHARED_DATA, else in `shared/data` beside the checkout.
"""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def shared(path: str) -> Path:
    """The real file or folder at `path`; the test is skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("CAUNOI_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
    found = folder / path
    if not found.exists():
        pytest.skip(f"real data absent: {found} (set CAUNOI_SHARED_DATA to its folder)")
    return found
