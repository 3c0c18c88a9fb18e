"""Devices: register, drop, and say which cases they are told of."""

import hashlib
import uuid
from typing import Final, Literal, TypeAlias

from backend.database import Connection, Database
from backend.identifiers import new_uuid7
from backend.messages import store
from backend.messages.choices.mailboxes import MAILBOX
from backend.messages.errors import BadDevice, UnknownDevice
from backend.messages.subscriptions import PushServices, read_subscription

DeviceKind: TypeAlias = Literal["fid", "token", "webpush"]

_LENGTH: Final = range(8, 4097)
_NO_SERVICES: Final = PushServices(())


async def register_device(
    database: Database,
    *,
    kind: DeviceKind,
    value: str,
    account_id: uuid.UUID | None = None,
    language: str = "vi",
    services: PushServices = _NO_SERVICES,
) -> uuid.UUID:
    """Take a push address in; its id. One owner per address: the last who registered signed in.

    `language` is 'vi' or 'en'; `value` of a browser is its subscription as JSON, for one of the
    `services`. Raises BadDevice.
    """
    if len(value) not in _LENGTH or not value.isascii() or not value.isprintable():
        raise BadDevice()
    known_by = value
    if kind == "webpush":
        subscription = read_subscription(value, services)
        # keys are renewed, the endpoint stays
        value, known_by = subscription.text(), f"webpush:{subscription.endpoint}"
    elif value.startswith(MAILBOX):
        raise BadDevice()
    async with database.transaction() as connection:
        return await store.upsert_device(
            connection,
            new_uuid7(),
            kind=kind,
            value=value,
            value_hash=hashlib.sha256(known_by.encode()).digest(),
            account_id=account_id,
            language="en" if language == "en" else "vi",
        )


async def drop_device(
    database: Database, device_id: uuid.UUID, *, account_id: uuid.UUID | None = None
) -> None:
    """Forget a device: on sign-out, or when asked. Raises UnknownDevice if it is another's."""
    if not await store.delete_device(database.app, device_id, account_id):
        raise UnknownDevice()


async def follow_case(
    connection: Connection,
    case_kind: str,
    case_id: uuid.UUID,
    *,
    device_id: uuid.UUID,
    is_reporter: bool = True,
) -> None:
    """Tell this device of this case; that its holder may see the case is decided before.

    Who is not its reporter is told only while it is published.
    """
    await store.insert_follow(
        connection, case_kind, case_id, device_id=device_id, is_reporter=is_reporter
    )
