"""The report of an import as lines for a terminal; the same for a dry run and the real one."""

from collections.abc import Iterator
from typing import Final

from backend.reports.imports.loading import Order
from backend.reports.imports.tally import SHOWN_PER_OUTCOME, Tally

_OUTCOMES: Final = ("without place", "outside every unit", "conflicting", "bad")
_FIGURES: Final = ("received", "accepted", "resolved", "open", "on_time", "late", "overdue_open")
_WORDS_SHOWN: Final = 20


def describe_import(tally: Tally, order: Order) -> Iterator[str]:
    """Say what was read, loaded and not loaded, what is doubtful, and what it makes of figures."""
    yield f"file           {order.path.name}, as {order.mapping.name}"
    yield from _counts(tally)
    yield from _rejects(tally)
    yield from _doubts(tally)
    yield from _created(tally)
    measures = tally.measures
    yield "figures        " + ", ".join(f"{getattr(measures, name):,} {name}" for name in _FIGURES)
    yield from _verdicts(tally)
    rate = tally.read / tally.seconds if tally.seconds else 0
    yield f"time           {tally.seconds:.1f} s, {rate:,.0f} rows a second"
    yield "committed" if order.commit else "dry run: nothing written; --commit writes"


def _counts(tally: Tally) -> Iterator[str]:
    yield f"read           {tally.read:>9,}"
    yield f"loaded         {tally.loaded:>9,}"
    yield f"duplicate      {tally.duplicate:>9,}  loaded before, with the same content"
    notes = {
        "without place": "no position",
        "outside every unit": "a position that no unit holds",
        "conflicting": "an id that came before, with other content",
        "bad": "cannot be understood",
    }
    for outcome in _OUTCOMES:
        label = "outside units" if outcome == "outside every unit" else outcome
        yield f"{label:<14} {tally.not_loaded[outcome]:>9,}  {notes[outcome]}; not loaded"


def _rejects(tally: Tally) -> Iterator[str]:
    for outcome in _OUTCOMES:
        for reject in tally.shown:
            if reject.outcome == outcome:
                yield f"  line {reject.line:<8} {outcome}: {_printable(reject.reason)}"
        beyond = tally.not_loaded[outcome] - SHOWN_PER_OUTCOME
        if beyond > 0:
            yield f"  …             {outcome}: {beyond:,} more; --rejects FILE writes all"


def _doubts(tally: Tally) -> Iterator[str]:
    for (kind, word), count in tally.unknown.most_common(_WORDS_SHOWN):
        yield f"unknown        {count:>9,}  {kind} {_printable(word)[:60]!r}: not in the mapping"
    beyond = max(0, len(tally.unknown) - _WORDS_SHOWN)
    if beyond or tally.unknown_beyond:
        yield f"unknown        … and {beyond:,} more words"
    for remark, count in tally.remarks.most_common():
        yield f"remark         {count:>9,}  {remark}"
    if tally.columns_not_read:
        yield "not read       " + ", ".join(map(_printable, tally.columns_not_read))


def _created(tally: Tally) -> Iterator[str]:
    if tally.new_configuration:
        yield f"new            {', '.join(tally.new_configuration)}"
    if tally.new_agencies:
        yield f"new agencies   {len(tally.new_agencies)}: {', '.join(tally.new_agencies)}"
    if tally.new_categories:
        yield f"new categories {len(tally.new_categories)}: {', '.join(tally.new_categories)}"


def _verdicts(tally: Tally) -> Iterator[str]:
    if not tally.verdicts:
        return
    agree, differ = tally.verdicts[True], tally.verdicts[False]
    yield f"own verdict    {agree:,} rows agree with their times, {differ:,} do not"
    for line in tally.disagreeing:
        yield f"  {_printable(line)}"


def _printable(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
