"""Routing: which agency answers a report, by which rule, and why.

A rule fits when everything it names equals the facts. Of all that fit, the most specific wins,
compared part by part in this order, the first difference decides:

1. what       its category (2), its field (1), anything (0)
2. where      a unit and an area (3), a unit (2), an area (1), anywhere (0)
3. when       working or off hours (1), any time (0)
4. how urgent urgent or normal (1), any (0)

A unit counts as narrower than an area, which may span several; who wants an area to win inside a
unit names both. Rule sets are refused when two rules could fit the same report with the same
specificity, so of the rules that fit, no two are equal and the winner is one: the order is total.

A winner whose lead is a role that the unit has not (`unit:congan`) yields to the next rule; after
the last, the unit's People's Committee leads; without one the report is unrouted: `lead` is None,
with a reason, for the moderators to see.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from backend.reports.rule_sets import UNIT_ROLE
from backend.reports.rule_sets import RoutingRule as RoutingRule
from backend.reports.rule_sets import RuleSet as RuleSet
from backend.reports.rule_sets import rule_set_from_document as rule_set_from_document

PEOPLES_COMMITTEE = "unit:ubnd"


@dataclass(frozen=True)
class Facts:
    """What routing may look at; `areas` are the named areas that hold the scene.

    `unit_agencies` maps the roles of the scene's unit to agency codes; `is_urgent` comes from the
    category, `is_working_time` from the calendar at the moment of receipt.
    """

    category: str
    field: str
    unit_code: str
    areas: frozenset[str]
    is_working_time: bool
    is_urgent: bool
    unit_agencies: Mapping[str, str]


@dataclass(frozen=True)
class Considered:
    """One rule that fitted, and what became of it."""

    rule_id: str
    outcome: Literal["leads", "no_such_agency_in_unit", "as_specific_as_another"]


@dataclass(frozen=True)
class Decision:
    """Who leads and why, stored with the report; `lead` None is unrouted."""

    lead: str | None
    co_agencies: tuple[str, ...]
    officer_group: str | None
    rule_id: str | None
    version: int
    reason_vi: str
    reason_en: str
    considered: tuple[Considered, ...]


@dataclass(frozen=True)
class TraceStep:
    """One rule of the set: whether it fits, and which of its parts do not."""

    rule: RoutingRule
    fits: bool
    is_winner: bool
    why_vi: str
    why_en: str


@dataclass(frozen=True)
class Trace:
    """The decision and every rule beside it, the most specific first."""

    decision: Decision
    steps: tuple[TraceStep, ...]


def route(rule_set: RuleSet, facts: Facts) -> Decision:
    """The agency for these facts; always a decision, if need be an unrouted one."""
    considered: list[Considered] = []
    fitting = list(_fitting_rules(rule_set, facts))
    for i, rule in enumerate(fitting):
        rivals = [other for other in fitting[i + 1 : i + 2] if _equal(rule, other)]
        if rivals or (i and _equal(rule, fitting[i - 1])):
            # Only when areas declared disjoint do overlap: nobody is favoured by accident.
            considered.append(Considered(rule.id, "as_specific_as_another"))
            if rivals:
                continue
            return _unrouted(rule_set, tuple(considered), is_tie=True)
        lead = _agency(rule.lead, facts)
        if lead is None:
            considered.append(Considered(rule.id, "no_such_agency_in_unit"))
            continue
        considered.append(Considered(rule.id, "leads"))
        return _decided(rule_set, rule, lead, facts=facts, considered=tuple(considered))
    office = _agency(PEOPLES_COMMITTEE, facts)
    if office is None:
        return _unrouted(rule_set, tuple(considered), is_tie=False)
    return Decision(
        lead=office,
        co_agencies=(),
        officer_group=None,
        rule_id=None,
        version=rule_set.version,
        reason_vi="Không có quy tắc riêng: UBND cấp xã nơi xảy ra sự việc chủ trì.",
        reason_en="No rule of its own: the People's Committee of the scene leads.",
        considered=tuple(considered),
    )


def explain(rule_set: RuleSet, facts: Facts) -> Trace:
    """The decision, and for each rule whether it fits or what is against it."""
    decision = route(rule_set, facts)
    steps = []
    for rule in sorted(rule_set.rules, key=lambda rule: (*(-n for n in rule.specificity), rule.id)):
        against = list(_against(rule, facts))
        is_winner = rule.id == decision.rule_id
        if against:
            why_vi, why_en = (", ".join(texts) for texts in zip(*against, strict=True))
        elif is_winner:
            why_vi, why_en = "khớp và cụ thể nhất", "fits and is the most specific"
        elif _agency(rule.lead, facts) is None:
            why_vi = f"khớp, nhưng đơn vị không có {rule.lead}"
            why_en = f"fits, but the unit has no {rule.lead}"
        else:
            why_vi = "khớp, nhưng không phải quy tắc cụ thể nhất"
            why_en = "fits, but is not the one most specific rule"
        steps.append(TraceStep(rule, not against, is_winner, why_vi, why_en))
    return Trace(decision, tuple(steps))


def fits(rule: RoutingRule, facts: Facts) -> bool:
    """Whether everything the rule names equals the facts."""
    return next(_against(rule, facts), None) is None


def _fitting_rules(rule_set: RuleSet, facts: Facts) -> Iterator[RoutingRule]:
    """The rules that fit, the most specific first; a few look-ups, however many rules there are."""
    index = rule_set.by_place
    areas = sorted(facts.areas)
    whats = ((facts.category, None), (None, facts.field), (None, None))
    for (category, in_field), unit in product(whats, (facts.unit_code, None)):
        for names in (areas, (None,)):
            here = [
                rule
                for area in names
                for rule in index.get((category, in_field, unit, area), ())
                if _fits_time(rule, facts)
            ]
            here.sort(key=lambda rule: (rule.specificity, rule.id), reverse=True)
            yield from here


def _fits_time(rule: RoutingRule, facts: Facts) -> bool:
    return rule.when in ("any", "working" if facts.is_working_time else "off") and (
        rule.urgency in ("any", "urgent" if facts.is_urgent else "normal")
    )


def _equal(rule: RoutingRule, other: RoutingRule) -> bool:
    return rule.specificity == other.specificity


def _agency(named: str, facts: Facts) -> str | None:
    if named.startswith(UNIT_ROLE):
        return facts.unit_agencies.get(named.removeprefix(UNIT_ROLE))
    return named


def _against(rule: RoutingRule, facts: Facts) -> Iterator[tuple[str, str]]:
    if rule.category not in (None, facts.category):
        yield f"lĩnh vực con là {facts.category}", f"the category is {facts.category}"
    if rule.field not in (None, facts.field):
        yield f"lĩnh vực là {facts.field}", f"the field is {facts.field}"
    if rule.unit_code not in (None, facts.unit_code):
        yield f"địa bàn là {facts.unit_code}", f"the unit is {facts.unit_code}"
    if rule.area is not None and rule.area not in facts.areas:
        yield f"ngoài khu vực {rule.area}", f"outside the area {rule.area}"
    if rule.when == "working" and not facts.is_working_time:
        yield "ngoài giờ làm việc", "it is not working time"
    if rule.when == "off" and facts.is_working_time:
        yield "đang trong giờ làm việc", "it is working time"
    if rule.urgency == "urgent" and not facts.is_urgent:
        yield "không khẩn", "it is not urgent"
    if rule.urgency == "normal" and facts.is_urgent:
        yield "là việc khẩn", "it is urgent"


def _decided(
    rule_set: RuleSet,
    rule: RoutingRule,
    lead: str,
    *,
    facts: Facts,
    considered: tuple[Considered, ...],
) -> Decision:
    found = (_agency(named, facts) for named in rule.co_agencies)
    co_agencies = tuple(dict.fromkeys(code for code in found if code not in (None, lead)))
    parts_vi, parts_en = _named_parts(rule)
    return Decision(
        lead=lead,
        co_agencies=tuple(code for code in co_agencies if code is not None),
        officer_group=rule.officer_group,
        rule_id=rule.id,
        version=rule_set.version,
        reason_vi=f"Quy tắc {rule.id} (bộ {rule_set.version}): {parts_vi} → {lead}.",
        reason_en=f"Rule {rule.id} (set {rule_set.version}): {parts_en} → {lead}.",
        considered=considered,
    )


def _named_parts(rule: RoutingRule) -> tuple[str, str]:
    named = [
        (rule.category, f"lĩnh vực con {rule.category}", f"category {rule.category}"),
        (rule.field, f"lĩnh vực {rule.field}", f"field {rule.field}"),
        (rule.unit_code, f"địa bàn {rule.unit_code}", f"unit {rule.unit_code}"),
        (rule.area, f"khu vực {rule.area}", f"area {rule.area}"),
        (rule.when == "working", "trong giờ làm việc", "working time"),
        (rule.when == "off", "ngoài giờ làm việc", "outside working time"),
        (rule.urgency == "urgent", "khẩn", "urgent"),
        (rule.urgency == "normal", "không khẩn", "not urgent"),
    ]
    parts = [(vi, en) for given, vi, en in named if given]
    if not parts:
        return "mọi phản ánh", "any report"
    return ", ".join(vi for vi, _ in parts), ", ".join(en for _, en in parts)


def _unrouted(rule_set: RuleSet, considered: tuple[Considered, ...], *, is_tie: bool) -> Decision:
    if is_tie:
        reason_vi = "Nhiều quy tắc cụ thể như nhau cùng khớp (khu vực chồng lấn): cần phân loại."
        reason_en = "Several equally specific rules fit (areas overlap): to be classified."
    else:
        reason_vi = "Không có quy tắc nào khớp và đơn vị không có UBND: cần phân loại."
        reason_en = "No rule fits and the unit has no People's Committee: to be classified."
    return Decision(
        lead=None,
        co_agencies=(),
        officer_group=None,
        rule_id=None,
        version=rule_set.version,
        reason_vi=reason_vi,
        reason_en=reason_en,
        considered=considered,
    )
