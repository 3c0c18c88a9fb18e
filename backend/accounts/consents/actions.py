"""Agreeing and taking it back, and putting new words in force."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from backend.accounts.consents import store
from backend.accounts.consents.store import ConsentText, Standing
from backend.accounts.errors import ConsentChanged, UnknownPurpose
from backend.database import Connection, Database
from backend.errors import FieldFault, Unprocessable


@dataclass(frozen=True)
class Said:
    """What a person says of one purpose: which words they read, and whether they agree."""

    purpose: str
    version: int
    is_given: bool


async def put_consents(
    database: Database, account_id: uuid.UUID, said: Sequence[Said], *, now: datetime
) -> None:
    """Note what changes; raises UnknownPurpose, and ConsentChanged for words no longer in force.

    Taking back is always possible, whatever version was read.
    """
    async with database.transaction() as connection:
        texts = {text.purpose: text for text in await store.list_texts(connection)}
        standings = {one.purpose: one for one in await store.list_standings(connection, account_id)}
        changes = [_change(one, texts, standings) for one in said]
        news = [change for change in changes if change is not None]
        if news:
            await store.insert_consents(connection, account_id, news, now=now)


def _change(
    said: Said, texts: Mapping[str, ConsentText], standings: Mapping[str, Standing]
) -> tuple[str, int, bool] | None:
    text, before = texts.get(said.purpose), standings.get(said.purpose)
    if text is None and (said.is_given or before is None):
        raise UnknownPurpose(faults=(FieldFault("purpose", UnknownPurpose.vi, UnknownPurpose.en),))
    if not said.is_given:
        if before is None or not before.is_given:
            return None
        return said.purpose, before.version, False
    if text is None or said.version != text.version:
        raise ConsentChanged()
    if before is not None and before.is_given and before.version == said.version:
        return None
    return said.purpose, said.version, True


class _TextIn(Struct, forbid_unknown_fields=True):
    purpose: Annotated[str, Meta(pattern="^[a-z][a-z_]{1,40}$")]
    version: Annotated[int, Meta(ge=1)]
    title_vi: Annotated[str, Meta(min_length=1, max_length=200)]
    title_en: Annotated[str, Meta(min_length=1, max_length=200)]
    text_vi: Annotated[str, Meta(min_length=1, max_length=5000)]
    text_en: Annotated[str, Meta(min_length=1, max_length=5000)]
    law: Annotated[str, Meta(max_length=500)] = ""
    position: Annotated[int, Meta(ge=0, le=1000)] = 0
    renews: bool = False


class _TextsIn(Struct, forbid_unknown_fields=True):
    consent: Annotated[list[_TextIn], Meta(min_length=1, max_length=100)]
    retire: list[str] = []


def read_texts(document: bytes) -> tuple[list[ConsentText], list[str]]:
    """The texts of a TOML document, and the purposes it retires; raises Unprocessable."""
    try:
        given = msgspec.toml.decode(document, type=_TextsIn)
    except (msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise Unprocessable(f"Tệp không đọc được: {error}", f"Not readable: {error}") from None
    texts = [ConsentText(**msgspec.to_builtins(one), is_active=True) for one in given.consent]
    return texts, given.retire


async def plan_texts(
    connection: Connection, texts: Sequence[ConsentText], retired: Sequence[str]
) -> list[str]:
    """What loading these would do, a line each; raises Unprocessable for a version that is not new.

    A version that is there already with the same words is left alone.
    """
    known = {(one.purpose, one.version): one for one in await _all(connection)}
    newest = {one.purpose: one.version for one in reversed(list(known.values()))}
    lines = []
    for text in texts:
        before = known.get((text.purpose, text.version))
        if before is not None and _words(before) == _words(text):
            lines.append(f"= {text.purpose} {text.version}: there already")
        elif before is not None or text.version <= newest.get(text.purpose, 0):
            raise Unprocessable(
                f"{text.purpose}: phiên bản phải lớn hơn {newest[text.purpose]}.",
                f"{text.purpose}: the version must be greater than {newest[text.purpose]}.",
            )
        else:
            lapse = "; consents to earlier versions lapse" if text.renews else ""
            lines.append(f"+ {text.purpose} {text.version}: {text.title_vi}{lapse}")
    active = {one.purpose for one in known.values() if one.is_active}
    lines += [f"- {purpose}: asked for no more" for purpose in retired if purpose in active]
    return lines


async def load_texts(
    connection: Connection, texts: Sequence[ConsentText], retired: Sequence[str]
) -> None:
    """Put these texts in force, in the caller's transaction as the database's owner."""
    known = {(one.purpose, one.version) for one in await _all(connection)}
    for text in texts:
        if (text.purpose, text.version) not in known:
            await store.insert_text(connection, text)
    for purpose in retired:
        await store.retire_text(connection, purpose)


async def _all(connection: Connection) -> list[ConsentText]:
    return await store.list_texts(connection, with_history=True)


def _words(text: ConsentText) -> tuple[Any, ...]:
    return (text.title_vi, text.title_en, text.text_vi, text.text_en, text.law, text.renews)
