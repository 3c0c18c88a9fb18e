"""Runs the PyPI client `three` in a process of its own: calls come in on stdin, answers go out.

Its last release (2013) imports `itertools.ifilter`, which Python 3 calls `filter`, and a library of
it has an escape that newer Pythons warn of; so it cannot live in a test run where warnings are
errors. Nothing else of it is changed.

    [["post", ["giao-thong-o-ga"], {"lat": "15.1"}], …]  →  [answer, …]
"""

import importlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    itertools.ifilter = filter  # type: ignore[attr-defined]
    three = importlib.import_module("three")
    asked = json.load(sys.stdin)
    client = three.Three(asked["endpoint"], **asked["options"])
    json.dump([call(client, *one) for one in asked["calls"]], sys.stdout)


def call(client: Any, method: str, positional: list[Any], named: dict[str, Any]) -> Any:
    if "media" in named:
        named["media"] = Path(named["media"]).open("rb")  # noqa: SIM115  read by the client
    said = getattr(client, method)(*positional, **named)
    return said.decode() if isinstance(said, bytes) else said


if __name__ == "__main__":
    main()
