"""The terms of notices follow the rules in force; settings go before them."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from backend.clock import day_of
from backend.database import Database, owner_connection
from backend.messages.announce import terms_now
from backend.messages.quiet import QuietHours
from backend.messages.wording import fit
from backend.practice.changes import Change, load_rules
from backend.practice.rules import Notices
from backend.settings import Settings

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


async def test_terms_follow_the_rules_and_settings_go_before_them(
    database: Database, settings: Settings
) -> None:
    shipped = await terms_now(database.app, settings, NOW)
    assert shipped.timing.quiet == QuietHours(time(21, 0), time(6, 30))
    rules = Notices("off", "17:15", push_news_hours=2, held_news_hours=30, characters_most=90)
    async with (
        owner_connection(settings.database_url or "") as owner,
        owner.transaction(),
    ):
        change = Change("A", "why", day_of(NOW))
        await load_rules(owner, "notices", rules, change, now=NOW)
    terms = await terms_now(database.app, settings, NOW)
    assert (terms.timing.quiet, terms.timing.batch_at) == (None, time(17, 15))
    assert (terms.timing.push_news_hours, terms.timing.held_news_hours) == (2, 30)
    assert terms.characters_most == 90
    ours = replace(settings, quiet_hours="20:00-05:00", area_batch_at="12:00")
    terms = await terms_now(database.app, ours, NOW)
    assert terms.timing.quiet == QuietHours(time(20, 0), time(5, 0))
    assert (terms.timing.batch_at, terms.characters_most) == (time(12, 0), 90)


@pytest.mark.parametrize(
    ("most", "text"),
    [(80, "Phản ánh của bạn đã được đóng."), (17, "Phản ánh của bạn…"), (15, "Phản ánh của…")],
)
def test_notice_that_is_too_long_is_cut_behind_a_word(most: int, text: str) -> None:
    assert fit("Phản ánh của bạn đã được đóng.", most) == text
    assert len(text) <= most
