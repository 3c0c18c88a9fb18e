"""Hatch's build hook: a wheel holds the built pages, so that it installs without node and npm."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_MANIFEST = "backend/web/static/dist/manifest.json"


class WebBuildHook(BuildHookInterface[Any]):
    """Builds web/ when nobody has yet; an editable install is `./run setup`'s own affair."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make backend/web/static/dist if it is missing; raises RuntimeError without npm."""
        root = Path(self.root)
        if version == "editable" or (root / _MANIFEST).exists():
            return
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise RuntimeError(
                "backend/web/static/dist is not built, and building it needs node and npm "
                "(Debian: apt-get install nodejs npm), or run ./run setup first"
            )
        web = root / "web"
        flags = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
        subprocess.run([npm, "ci", *flags], cwd=web, check=True)  # noqa: S603  our own lock file
        subprocess.run([node, "build.mjs"], cwd=web, check=True)  # noqa: S603  our own script
