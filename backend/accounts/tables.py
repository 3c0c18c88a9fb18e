"""Piccolo's view of accounts and sessions, for plain reading and writing; migrations own them."""

from piccolo.columns import UUID, Boolean, Bytea, Text, Timestamptz
from piccolo.table import Table


class Account(Table, tablename="account"):
    """A person or a screen that may sign in."""

    id = UUID(primary_key=True, default=None)
    username = Text()
    role = Text()
    name = Text()
    password_hash = Text(null=True, default=None, secret=True)
    totp_secret = Text(null=True, default=None, secret=True)
    agency_code = Text(null=True, default=None)
    unit_code = Text(null=True, default=None)
    sees_restricted = Boolean(default=False)
    is_active = Boolean(default=True)
    created_at = Timestamptz()


class Session(Table, tablename="session"):
    """One issued token, by its hash."""

    token_hash = Bytea(primary_key=True, default=b"")
    account_id = UUID(default=None)
    kind = Text()
    family = UUID(default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_seen_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
