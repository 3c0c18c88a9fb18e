"""The default gateways: each message becomes a file under `CAUNOI_VAR/outbox`, for its owner only.

For development, trials and tests: a sign-in code can be read there. Only the newest files are kept;
the log says that a message was written, not to whom, nor what.
"""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

import structlog

from backend.messages.letters import Outcome
from backend.messages.mail import compose
from backend.messages.paper import Mail, Sms

_KEPT_FILES: Final = 200
_SENDER: Final = "caunoi@localhost.localdomain"
_log = structlog.get_logger("caunoi.outbox")


class OutboxMail:
    """Writes e-mails as `.eml` files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail) -> Outcome:
        try:
            raw = compose(mail, sender=_SENDER).as_bytes()
        except ValueError:
            return Outcome("bad", error="address-not-writable")
        return await asyncio.to_thread(_write, self._folder, f"mail-{mail.reference}.eml", raw)

    async def close(self) -> None:
        return


class OutboxSms:
    """Writes text messages as `.txt` files: the number on the first line, then the words."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, sms: Sms) -> Outcome:
        raw = f"{sms.to}\n{sms.text}\n".encode()
        return await asyncio.to_thread(_write, self._folder, f"sms-{sms.reference}.txt", raw)

    async def close(self) -> None:
        return


def _write(folder: Path, name: str, raw: bytes) -> Outcome:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / name
        making = path.with_suffix(path.suffix + ".part")
        making.unlink(missing_ok=True)
        descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
        making.replace(path)
        _drop_old(folder)
    except OSError as error:
        return Outcome("later", error=type(error).__name__)
    _log.info("message written to the outbox", file=name)
    return Outcome("sent", wire_id=f"outbox/{name}")


def _drop_old(folder: Path) -> None:
    files = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another worker tidies too
            files.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(files)[:-_KEPT_FILES]:
        path.unlink(missing_ok=True)
