"""Bars and columns: to one scale, whole, in order."""

from datetime import date, timedelta

from backend.counts.deltas import Measures
from backend.counts.figures import Group, Line, make_line
from ioc_views.charts import BOX, draw_bars, draw_columns


def a_line(key: str, **counted: int) -> Line:
    return make_line(Group(key, key, key, key, Measures(**counted)))


def test_the_longest_bar_fills_the_box_and_parts_follow_each_other() -> None:
    longest, short = draw_bars(
        [a_line("a", received=10, resolved=6, open=3, overdue_open=1), a_line("b", received=5)]
    )
    assert [(part.kind, part.start, part.length) for part in longest.parts] == [
        ("done", 0, 600),
        ("open", 600, 200),
        ("overdue", 800, 100),
        ("other", 900, 100),
    ]
    assert [(part.kind, part.length) for part in short.parts] == [("other", BOX // 2)]


def test_nothing_received_draws_nothing() -> None:
    assert draw_bars([]) == []
    assert draw_bars([a_line("a")])[0].parts == ()


def test_every_day_has_a_column_and_the_last_day_a_label() -> None:
    first, last = date(2026, 2, 20), date(2026, 3, 21)
    columns = draw_columns([a_line("2026-03-01", received=2, open=2)], first, last)
    assert [column.day for column in columns] == [first + timedelta(days=n) for n in range(30)]
    assert [column.day for column in columns if column.parts] == [date(2026, 3, 1)]
    assert columns[-1].has_label
    for days in (1, 30, 92):
        drawn = draw_columns([], last - timedelta(days=days - 1), last)
        assert sum(column.has_label for column in drawn) <= 5
