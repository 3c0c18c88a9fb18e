"""What must not be a report is recognised, and nothing else: judged on hundreds of texts."""

import dataclasses
import sys
from collections import Counter
from collections.abc import Iterable

import pytest

from backend.demo.configuration import read_document
from backend.reports.errors import BadRules
from backend.reports.screening import Level, ScreeningSet, screen
from backend.reports.screening_rules import screening_from_document
from tests.screening.examples import UNSEEN, examples

RULES = screening_from_document(read_document("screening"))
# Kinds that only ever advise are judged elsewhere (test_details.py).
JUDGED = tuple(
    kind
    for kind in RULES.kinds
    if any(rule.kind == kind and rule.level is not Level.ADVISE for rule in RULES.rules)
)


@dataclasses.dataclass(frozen=True)
class Judged:
    """Of each kind: found rightly, missed, found wrongly."""

    right: Counter[str]
    missed: Counter[str]
    wrong: Counter[str]

    def recall(self, kind: str) -> float:
        return self.right[kind] / max(1, self.right[kind] + self.missed[kind])

    def precision(self, kind: str) -> float:
        return self.right[kind] / max(1, self.right[kind] + self.wrong[kind])


def judge(rules: ScreeningSet, told: Iterable[tuple[str | None, str]]) -> Judged:
    """Advice does not count: it costs nobody anything. One emergency may well be two."""
    judged = Judged(Counter(), Counter(), Counter())
    for kind, text in told:
        found = {f.kind.code for f in screen(rules, text) if f.level is not Level.ADVISE}
        if kind is not None:
            (judged.right if kind in found else judged.missed)[kind] += 1
        for other in found - {kind}:
            if not (kind and kind.startswith("emergency") and other.startswith("emergency")):
                judged.wrong[other] += 1
    return judged


def told() -> list[tuple[str | None, str]]:
    return [(kind, text) for kind, text, _ in examples()]


def test_precision_and_recall_of_every_kind() -> None:
    texts = told()
    assert len(texts) > 400
    assert sum(kind is None for kind, _ in texts) > 150
    judged = judge(RULES, texts)
    for kind in JUDGED:
        sys.stdout.write(
            f"{kind}: precision {judged.precision(kind):.3f}, recall {judged.recall(kind):.3f}"
            f" of {judged.right[kind] + judged.missed[kind]}\n"
        )
        assert judged.precision(kind) >= 0.95
        assert judged.recall(kind) >= 0.95


def test_texts_that_the_rules_were_not_made_from() -> None:
    judged = judge(RULES, UNSEEN)
    right, missed = judged.right.total(), judged.missed.total()
    sys.stdout.write(f"unseen: recall {right / (right + missed):.3f}, wrong {judged.wrong}\n")
    assert right / (right + missed) >= 0.85
    assert judged.wrong.total() <= 1


def test_the_measure_can_fail() -> None:
    """Without its rules a kind is missed; without the exceptions ordinary reports are caught."""
    texts = told()
    for kind in JUDGED:
        less = [rule for rule in RULES.rules if rule.kind != kind]
        assert judge(dataclasses.replace(RULES, rules=tuple(less)), texts).recall(kind) == 0
    blunt = tuple(dataclasses.replace(rule, unless=()) for rule in RULES.rules)
    judged = judge(dataclasses.replace(RULES, rules=blunt), texts)
    assert min(judged.precision(kind) for kind in JUDGED) < 0.8
    never_taken_back = dataclasses.replace(RULES, negations=())
    assert judge(never_taken_back, [(None, "Tôi không tố cáo cán bộ nào")]).wrong.total() == 1


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [
        ("Tôi khiếu nại tiếng ồn nhà bên", "complaint", Level.ADVISE),
        ("khieu nai quyet dinh xu phat", "complaint", Level.MUST_CONFIRM),
        ("khiéu naị quyết định xử phạt", "complaint", Level.MUST_CONFIRM),
        ("Khiếuuuu nạiiii quyết định xử phạt", "complaint", Level.MUST_CONFIRM),
        ("kn qđ xp số 5", "complaint", Level.MUST_CONFIRM),
        ("Hoả hoạn ở chợ", "emergency_fire", Level.MUST_CONFIRM),
        ("HỎA HOẠN Ở CHỢ", "emergency_fire", Level.MUST_CONFIRM),
        ("cháyyyy nhà", "emergency_fire", Level.MUST_CONFIRM),
        ("Xin gửi kèm ảnh chụp công văn mật", "state_secret", Level.NOT_TAKEN),
        ("Tài liệu mật bị lộ", "state_secret", Level.MUST_CONFIRM),
    ],
)
def test_how_sure_a_finding_is(text: str, kind: str, level: Level) -> None:
    found = screen(RULES, text)[0]
    assert (found.kind.code, found.level) == (kind, level)


def test_a_category_alone_may_call_for_advice() -> None:
    found = screen(RULES, "Cần giúp.", category="thien-tai-bien-du-lich-tau-gap-nan")
    assert [(f.kind.code, f.level, f.because) for f in found] == [
        ("emergency_rescue", Level.ADVISE, ())
    ]
    assert screen(RULES, "Cần giúp.", category="giao-thong-o-ga") == ()


def test_the_field_of_a_category_counts_too() -> None:
    text = "Họ đòi tiền lót tay"
    assert screen(RULES, text, category="hanh-chinh-cong-phi-sai", field="hanh-chinh-cong")
    assert screen(RULES, text, category="giao-thong-o-ga", field="giao-thong") == ()


def test_the_gravest_finding_comes_first() -> None:
    found = screen(RULES, "Khiếu nại rác. Cháy nhà rồi! Gửi kèm ảnh chụp văn bản tối mật.")
    assert [f.kind.code for f in found] == ["state_secret", "emergency_fire", "complaint"]


def test_every_kind_names_an_office_and_what_to_do_in_both_languages() -> None:
    for kind in RULES.kinds.values():
        assert kind.offices or kind.look_first
        assert kind.advice_vi != kind.advice_en
        if kind.code.startswith("emergency"):
            assert kind.offices[0].phone in {"112", "113", "114", "115"}
            assert not kind.to_intake, "nobody waits for a moderator while it burns"
    assert RULES.kinds["denunciation"].is_restricted


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": 0}, "version"),
        (
            {"rules": [{"id": "x", "kind": "none", "level": "advise", "any": ["a"]}]},
            "rules[0].kind",
        ),
        ({"rules": [{"id": "x", "kind": "k", "level": "sure", "any": ["a"]}]}, "rules[0].level"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise"}]}, "rules[0]"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise", "any": []}]}, "rules[0].all"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise", "any": ["@no"]}]}, "rules[0].all"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise", "any": ["!"]}]}, "rules[0].all"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise", "in": ["no"]}]}, "rules[0].in"),
        ({"rules": [{"id": "x", "kind": "k", "level": "advise", "any": ["a"]}] * 2}, "rules[1].id"),
        ({"kinds": []}, "rules[0].kind"),
        ({"more": 1}, "screening.more"),
    ],
)
def test_a_document_that_cannot_be_is_refused(change: dict[str, object], where: str) -> None:
    kind = {"code": "k", "vi": "a", "en": "b", "advice_vi": "a", "advice_en": "b"}
    document = {
        "version": 1,
        "kinds": [{**kind, "offices": [{"vi": "a", "en": "b"}]}],
        "rules": [{"id": "x", "kind": "k", "level": "advise", "any": ["a"]}],
    }
    screening_from_document(document, categories={"rac"})
    with pytest.raises(BadRules) as refused:
        screening_from_document({**document, **change}, categories={"rac"})
    assert refused.value.where == where
