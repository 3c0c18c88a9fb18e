"""What a citizen sees of their account, for the interface and for the pages alike."""

import uuid
from typing import Any

from backend.accounts.citizens import store as citizens_store
from backend.accounts.consents import store as consents_store
from backend.accounts.consents.store import ConsentText, Standing
from backend.accounts.errors import SessionEnded
from backend.database import Database
from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebooks
from backend.web.cursors import read_cursor, write_cursor
from mobile_api.account import store
from mobile_api.views import list_item


async def read_account(
    database: Database, account_id: uuid.UUID, language: Language
) -> dict[str, Any]:
    """Who somebody is here: name, addresses, consents; raises SessionEnded once it is closed."""
    found = await citizens_store.find_particulars(database.app, account_id)
    if found is None:
        raise SessionEnded()
    return {
        "id": found.id,
        "name": found.name,
        "language": found.language,
        "created_at": found.created_at,
        "last_sign_in_at": found.last_sign_in_at,
        "addresses": await citizens_store.list_identities(database.app, account_id),
        "consents": await read_consents(database, account_id, language),
    }


async def read_consents(
    database: Database, account_id: uuid.UUID, language: Language
) -> list[dict[str, Any]]:
    """Every purpose that is asked for, its words, and what this person says of it now."""
    standings = {
        one.purpose: one for one in await consents_store.list_standings(database.app, account_id)
    }
    return [
        {**text_view(text, language), **standing_view(standings.get(text.purpose))}
        for text in await consents_store.list_texts(database.app)
    ]


def text_view(text: ConsentText, language: Language) -> dict[str, Any]:
    """One text as the contract shows it: both languages, and the asked one for convenience."""
    return {
        "purpose": text.purpose,
        "version": text.version,
        "title": text.title_en if language == "en" else text.title_vi,
        "text": text.text_en if language == "en" else text.text_vi,
        "words": {
            "vi": {"title": text.title_vi, "text": text.text_vi},
            "en": {"title": text.title_en, "text": text.text_en},
        },
        "law": text.law,
    }


def standing_view(standing: Standing | None) -> dict[str, Any]:
    """What a person says of a purpose; never having been asked is no consent."""
    return {
        "given": standing is not None and standing.is_valid,
        "given_version": standing.version if standing and standing.is_valid else None,
        "said_at": standing.at if standing else None,
    }


async def read_reports(
    database: Database,
    rulebooks: Rulebooks,
    account_id: uuid.UUID,
    *,
    after: str | None,
    limit: int,
    language: Language,
) -> dict[str, Any]:
    """A page of the account's reports; raises Malformed for a cursor that is none."""
    rows = await store.list_own_reports(
        database.app, account_id, after=read_cursor(after) if after else None, limit=limit
    )
    rulebook, page = await rulebooks.current(), rows[:limit]
    more = len(rows) > limit
    return {
        "items": [list_item(row, rulebook, language) for row in page],
        "next": write_cursor(page[-1]["created_at"], page[-1]["id"]) if more else None,
    }
