"""Read and change what somebody is told of."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from backend.database import Database
from backend.messages.choices import store
from backend.messages.choices.kinds import Choices, check_choices
from backend.messages.choices.mailboxes import mailbox_of, open_mailboxes
from backend.messages.choices.store import DeviceState
from backend.messages.errors import UnknownDevice


@dataclass(frozen=True)
class AccountNotices:
    """What an account has chosen; no e-mail is sent without an address, or once it `is_stopped`.

    `has_address` is an e-mail address that was proved, with consent to notices.
    """

    choices: Choices
    has_address: bool
    is_stopped: bool


@dataclass(frozen=True)
class DeviceChange:
    """What of a device is to be different; None stays as it is."""

    language: str | None = None
    choices: Choices | None = None
    unfollow: Sequence[str] = ()


async def read_account_notices(
    database: Database, account_id: uuid.UUID, *, secret_key: bytes
) -> AccountNotices:
    """What an account has chosen."""
    recipients = await store.list_account_recipients(database.app, account_id)
    mailboxes = [mailbox_of(secret_key, one.address) for one in recipients]
    stopped = await store.list_stopped(database.app, mailboxes)
    choices = await store.list_choices(database.app, account_id=account_id)
    return AccountNotices(choices, bool(recipients), bool(stopped))


async def change_account_notices(
    database: Database,
    account_id: uuid.UUID,
    choices: Choices,
    *,
    is_staff: bool,
    stop_email: bool | None,
    secret_key: bytes,
) -> None:
    """Keep these choices instead of those before; `stop_email` None leaves that as it is.

    Raises UnknownKind.
    """
    check_choices(choices, is_staff=is_staff)
    async with database.transaction() as connection:
        await store.replace_choices(connection, choices, account_id=account_id)
        recipients = await store.list_account_recipients(connection, account_id)
        mailboxes = [mailbox_of(secret_key, one.address) for one in recipients]
        if stop_email is False:
            await store.delete_stops(connection, mailboxes)
        for mailbox in mailboxes if stop_email else ():
            await store.insert_stop(connection, mailbox)
        await open_mailboxes(connection, recipients, secret_key=secret_key)


async def change_device(
    database: Database,
    device_id: uuid.UUID,
    change: DeviceChange,
    *,
    account_id: uuid.UUID | None,
) -> tuple[DeviceState, Choices]:
    """Change a device that is nobody's or this account's, and read it.

    Raises UnknownDevice and UnknownKind; then nothing was changed.
    """
    async with database.transaction() as connection:
        before = await store.find_device_state(connection, device_id, account_id)
        if before is None:
            raise UnknownDevice()
        if change.choices is not None:
            check_choices(change.choices, is_staff=before.is_staff)
            await store.replace_choices(connection, change.choices, device_id=device_id)
        if change.language is not None:
            await store.set_language(connection, device_id, change.language)
        if change.unfollow:
            await store.delete_follows(connection, device_id, change.unfollow)
        after = await store.find_device_state(connection, device_id, account_id)
        return after or before, await store.list_choices(connection, device_id=device_id)
