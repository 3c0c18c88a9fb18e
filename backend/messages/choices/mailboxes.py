"""Mailboxes: e-mail addresses as addresses of notices, under a keyed digest instead of a name.

The digest lets one address be told once, and stay silent once it asked for it, without keeping a
second copy of the address: whoever sends looks it up where its owner's consent lies.
"""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from typing import Final

from backend.database import Connection, Database
from backend.identifiers import new_uuid7
from backend.messages.choices import store
from backend.messages.choices.store import Recipient
from backend.messages.errors import UnknownMailbox

MAILBOX: Final = "mailbox:"
_DIGEST_LENGTH: Final = 64
_SEAL_LENGTH: Final = 32


def mailbox_of(secret_key: bytes, address: str) -> str:
    """The mailbox of an e-mail address, whatever its capitals."""
    said = b"mailbox:" + address.strip().lower().encode()
    return MAILBOX + hmac.digest(secret_key, said, "sha256").hex()


async def open_mailboxes(
    connection: Connection, recipients: Sequence[Recipient], *, secret_key: bytes
) -> list[uuid.UUID]:
    """The device ids of these addresses; those that want no more e-mail are left out."""
    values = {mailbox_of(secret_key, one.address): one for one in reversed(recipients)}
    stopped = await store.list_stopped(connection, list(values))
    return [
        await store.upsert_mailbox(
            connection,
            new_uuid7(),
            value=value,
            value_hash=hashlib.sha256(value.encode()).digest(),
            account_id=one.account_id,
            language=one.language,
        )
        for value, one in values.items()
        if value not in stopped
    ]


def unsubscribe_token(secret_key: bytes, mailbox: str) -> str:
    """What a letter's link to end letters carries: the right to do this one thing."""
    digest = mailbox.removeprefix(MAILBOX)
    return digest + _seal(secret_key, digest)


async def stop_mail(database: Database, token: str, *, secret_key: bytes) -> None:
    """Send nothing more to the mailbox that this token is of; raises UnknownMailbox."""
    await store.insert_stop(database.app, read_token(token, secret_key=secret_key))


def read_token(token: str, *, secret_key: bytes) -> str:
    """The mailbox that a token is of; raises UnknownMailbox."""
    digest, seal = token[:_DIGEST_LENGTH], token[_DIGEST_LENGTH:]
    if not token.isascii() or not hmac.compare_digest(seal, _seal(secret_key, digest)):
        raise UnknownMailbox()
    return MAILBOX + digest


def _seal(secret_key: bytes, digest: str) -> str:
    said = b"unsubscribe:" + digest.encode()
    return hmac.digest(secret_key, said, "sha256").hex()[:_SEAL_LENGTH]
