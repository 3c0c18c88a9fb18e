"""Logins of the demo: one of each role, with passwords of this instance's own."""

import asyncio
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from backend.accounts.actions import (
    NewAccount,
    add_account,
    add_wall,
    change_password,
    issue_wall_link,
)
from backend.accounts.errors import NameTaken
from backend.database import Database
from backend.demo import store
from backend.demo.configuration import read_document
from backend.identifiers import CODE_ALPHABET

_ALPHABET: Final = CODE_ALPHABET.lower()


@dataclass(frozen=True)
class Login:
    """One way in; a wall has a token in the place of a password."""

    role: str
    username: str
    secret: str
    agency: str | None
    unit: str | None

    def entry(self) -> dict[str, str | None]:
        """What stands in the file of logins."""
        named = "token" if self.role == "wall" else "password"
        return {
            "role": self.role,
            "username": self.username,
            named: self.secret,
            "agency": self.agency,
            "unit": self.unit,
        }


def login_names() -> list[str]:
    """The user names that the demo brings."""
    return [entry["username"] for entry in read_document("logins")["logins"]]


async def add_logins(database: Database, *, now: datetime) -> list[Login]:
    """Add the demo's accounts, each with a fresh password or token.

    One left by a load that was cut short gets a new one: nobody has been told the old.
    """
    entries = read_document("logins")["logins"]
    return list(await asyncio.gather(*(_add(database, entry, now=now) for entry in entries)))


async def account_ids(database: Database) -> dict[str, UUID]:
    """The demo's accounts by user name."""
    return await store.find_accounts(database.app, login_names())


def write_logins(path: Path, logins: list[Login]) -> None:
    """Write the file of logins for its owner's eyes only, whole or not at all."""
    text = json.dumps([login.entry() for login in logins], ensure_ascii=False, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text + "\n")
    draft.replace(path)


async def _add(database: Database, entry: dict[str, Any], *, now: datetime) -> Login:
    username, role, name = entry["username"], entry["role"], entry["name"]
    agency, unit = entry.get("agency"), entry.get("unit")
    if role == "wall":
        try:
            secret = await add_wall(database, username, name=name, unit_code=unit, now=now)
        except NameTaken:
            secret = await issue_wall_link(database, username, now=now)
        return Login(role, username, secret, agency, unit)
    secret = _new_password()
    new = NewAccount(
        username,
        role,
        name,
        password=secret,
        agency_code=agency,
        unit_code=unit,
        sees_restricted=entry.get("sees_restricted", False),
    )
    try:
        await add_account(database, new, now=now)
    except NameTaken:
        await change_password(database, username, secret)
    return Login(role, username, secret, agency, unit)


def _new_password() -> str:
    """Four groups to read off a screen: 29^16, 77 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
