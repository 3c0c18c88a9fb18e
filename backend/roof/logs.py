"""Logs of bounded size: VAR/log/*.log, each with the three before it."""

import os
import shutil
from pathlib import Path

_MAX_BYTES = 10 * 1024 * 1024
_KEPT = 3


def shorten_logs(folder: Path, *, max_bytes: int = _MAX_BYTES) -> None:
    """Move what a too long log holds to NAME.log.1 (… .3) and let its writer go on in an empty one.

    Writers append (O_APPEND) and need not know. A line written between the copy and the cut is
    lost; what counts as evidence is in the database, not here.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size <= max_bytes:
            continue
        for number in range(_KEPT - 1, 0, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.rename(log.with_name(f"{log.name}.{number + 1}"))
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        log.with_name(f"{log.name}.1").chmod(0o600)
        os.truncate(log, 0)
