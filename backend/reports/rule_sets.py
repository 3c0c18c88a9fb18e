"""Sets of routing rules: what a rule is, how a document becomes a set, what makes a set unfit.

A document of rules, as an administrator keeps it:

    {
      "version": 4,
      "areas": {"kcn-tinh-phong": {…GeoJSON…}},      or a list; only names matter here
      "disjoint_areas": [["kcn-tinh-phong", "kkt-dung-quat"]],   never both at one place; optional
      "rules": [
        {"id": "o-ga", "category": "o-ga", "lead": "unit:ubnd", "co_agencies": ["so-xay-dung"]},
        {"id": "dem", "field": "an-ninh", "when": "off", "lead": "unit:congan",
         "officer_group": "truc-ban", "note": "trực ban"},
        {"id": "kcn", "field": "o-nhiem", "area": "kcn-tinh-phong", "urgency": "urgent",
         "unit_code": "21172", "lead": "so-nn-mt"}
      ]
    }

What a rule leaves out matches anything. Two rules tie when they name the same things in the same
number and could meet in one report; areas count as meeting unless declared disjoint.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Literal, cast, get_args

from backend.reports.documents import read_list, read_mapping, read_text, read_version
from backend.reports.errors import BadRules, RoutingTie

When = Literal["any", "working", "off"]
Urgency = Literal["any", "urgent", "normal"]
Specificity = tuple[int, int, int, int]

UNIT_ROLE = "unit:"

_SET_KEYS = frozenset({"version", "name", "note", "areas", "disjoint_areas", "rules"})
_RULE_KEYS = frozenset(
    {"id", "note", "category", "field", "unit_code", "area", "when", "urgency", "lead"}
    | {"co_agencies", "officer_group"}
)


@dataclass(frozen=True)
class RoutingRule:
    """One line of the rules; None means any. It names a category or a field, never both.

    `lead` and `co_agencies` are agency codes, or roles of the scene's unit such as `unit:congan`.
    """

    id: str
    lead: str
    category: str | None = None
    field: str | None = None
    unit_code: str | None = None
    area: str | None = None
    when: When = "any"
    urgency: Urgency = "any"
    co_agencies: tuple[str, ...] = ()
    officer_group: str | None = None

    @property
    def specificity(self) -> Specificity:
        return (
            2 if self.category else 1 if self.field else 0,
            2 * (self.unit_code is not None) + (self.area is not None),
            int(self.when != "any"),
            int(self.urgency != "any"),
        )


# What and where a rule names: the key of the index.
Place = tuple[str | None, str | None, str | None, str | None]


@dataclass(frozen=True)
class RuleSet:
    """The rules of one version, found through what and where they name.

    Build it with rule_set_from_document, which refuses ties.
    """

    version: int
    rules: tuple[RoutingRule, ...]
    disjoint_areas: tuple[frozenset[str], ...] = field(default=())

    @cached_property
    def by_place(self) -> Mapping[Place, tuple[RoutingRule, ...]]:
        found: defaultdict[Place, list[RoutingRule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.category, rule.field, rule.unit_code, rule.area].append(rule)
        return {place: tuple(rules) for place, rules in found.items()}


def rule_set_from_document(
    document: object,
    *,
    categories: Mapping[str, str] | None = None,
    agencies: Collection[str] | None = None,
    unit_codes: Collection[str] | None = None,
) -> RuleSet:
    """Read a document of rules (see the module); raises BadRules where it is wrong, RoutingTie.

    Where the known categories (code to field), agencies or units are given, every code a rule
    names must be among them.
    """
    root = read_mapping(document, "routing", _SET_KEYS)
    version = read_version(root)
    areas = _area_names(root.get("areas", {}))
    known = _Known(areas, categories, agencies, unit_codes)
    rules = tuple(
        _rule(item, f"rules[{i}]", known)
        for i, item in enumerate(read_list(root.get("rules"), "rules"))
    )
    disjoint = _disjoint(root.get("disjoint_areas", []), areas)
    _check_ids(rules)
    _check_ties(rules, disjoint)
    return RuleSet(version, rules, disjoint)


@dataclass(frozen=True)
class _Known:
    areas: Collection[str]
    categories: Mapping[str, str] | None
    agencies: Collection[str] | None
    unit_codes: Collection[str] | None

    @property
    def fields(self) -> Collection[str] | None:
        return None if self.categories is None else set(self.categories.values())


def _rule(item: object, where: str, known: _Known) -> RoutingRule:
    rule = read_mapping(item, where, _RULE_KEYS)
    category = _code(rule, "category", where, known.categories)
    in_field = _code(rule, "field", where, known.fields)
    if category and in_field:
        raise BadRules(
            f"{where}.field",
            "chỉ ghi lĩnh vực con hoặc lĩnh vực, không ghi cả hai",
            "name a category or a field, not both",
        )
    lead = _agency(rule.get("lead"), f"{where}.lead", known)
    helpers = read_list(rule.get("co_agencies", []), f"{where}.co_agencies")
    return RoutingRule(
        id=read_text(rule.get("id"), f"{where}.id"),
        lead=lead,
        category=category,
        field=in_field,
        unit_code=_code(rule, "unit_code", where, known.unit_codes),
        area=_code(rule, "area", where, known.areas),
        when=cast("When", _word(rule, "when", where, get_args(When))),
        urgency=cast("Urgency", _word(rule, "urgency", where, get_args(Urgency))),
        co_agencies=tuple(
            _agency(name, f"{where}.co_agencies[{i}]", known) for i, name in enumerate(helpers)
        ),
        officer_group=_code(rule, "officer_group", where, None),
    )


def _check_ids(rules: tuple[RoutingRule, ...]) -> None:
    seen: set[str] = set()
    for i, rule in enumerate(rules):
        if rule.id in seen:
            raise BadRules(f"rules[{i}].id", "mã này đã có ở trên", "this id is given twice")
        seen.add(rule.id)


def _check_ties(rules: tuple[RoutingRule, ...], disjoint: tuple[frozenset[str], ...]) -> None:
    """Refuse two rules that could fit one report with the same specificity.

    Equal specificity means they name the same kinds of things; but for areas, naming different
    values then means that no report fits both. So only rules alike in all but the area can tie.
    """
    alike: defaultdict[object, list[tuple[int, RoutingRule]]] = defaultdict(list)
    for i, rule in enumerate(rules):
        what = (rule.category, rule.field, rule.unit_code, rule.area is None)
        alike[what, rule.when, rule.urgency].append((i, rule))
    for group in alike.values():
        for (_, one), (i, other) in combinations(group, 2):
            if one.area == other.area or not any(
                {one.area, other.area} <= apart for apart in disjoint
            ):
                raise RoutingTie(f"rules[{i}]", one.id, other.id)


def _area_names(value: object) -> frozenset[str]:
    names = list(value) if isinstance(value, Mapping) else read_list(value, "areas")
    return frozenset(read_text(name, "areas") for name in names)


def _disjoint(value: object, areas: frozenset[str]) -> tuple[frozenset[str], ...]:
    groups = []
    for i, item in enumerate(read_list(value, "disjoint_areas")):
        where = f"disjoint_areas[{i}]"
        group = frozenset(read_text(name, where) for name in read_list(item, where))
        if not group <= areas:
            raise BadRules(where, "có khu vực chưa khai báo", "names an area that is not declared")
        groups.append(group)
    return tuple(groups)


def _agency(value: object, where: str, known: _Known) -> str:
    name = read_text(value, where)
    if name.startswith(UNIT_ROLE):
        if name == UNIT_ROLE:
            raise BadRules(where, "thiếu vai trò sau unit:", "a role must follow unit:")
    elif known.agencies is not None and name not in known.agencies:
        raise BadRules(where, "không có cơ quan này", "no such agency")
    return name


def _code(
    rule: Mapping[str, object], key: str, where: str, known: Collection[str] | None
) -> str | None:
    value = rule.get(key)
    if value is None:
        return None
    code = read_text(value, f"{where}.{key}")
    if known is not None and code not in known:
        raise BadRules(f"{where}.{key}", "không có mã này", "no such code")
    return code


def _word(rule: Mapping[str, object], key: str, where: str, words: tuple[str, ...]) -> str:
    word = rule.get(key, "any")
    if not isinstance(word, str) or word not in words:
        listed = ", ".join(words)
        raise BadRules(f"{where}.{key}", f"phải là một trong: {listed}", f"must be one of {listed}")
    return word
