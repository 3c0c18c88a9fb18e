"""Sets of screening rules: how a document becomes a set, and what makes one unfit.

    {
      "version": 2,
      "kinds": [
        {"code": "denunciation", "vi": "Tố cáo", "en": "Denunciation", "advice_vi": "…",
         "advice_en": "…", "held": true, "to_intake": true, "restricted": true,
         "offices": [{"vi": "Thanh tra tỉnh", "en": "…", "phone": "0255…", "agency": "thanh-tra"}]}
      ],
      "words": {"officials": ["cán bộ", "chủ tịch xã"]},
      "shorthand": {"cb": "cán bộ"},
      "negations": ["không", "chưa"],
      "rules": [
        {"id": "to-cao-can-bo", "kind": "denunciation", "level": "must_confirm",
         "all": [["~tố cáo", "=tố giác"], ["@officials"]], "unless": ["tố cáo của báo"], "span": 14}
      ]
    }

`all` is a list of groups of which each must have a phrase in the text; `any` is one group. A phrase
that begins with `=` must carry its accents, one that begins with `~` may carry any; `@name` stands
for the phrases of `words`. `in` names categories or fields; a rule without words fits by those.
`details` names personal details (screening_numbers.py), of which one must be in the text.
An office may say its `phone`, `url` and `address`; without a phone it has that of its `agency`.
`hiding` lists the reasons for which a report may be hidden (hiding.py); absent, those of there.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import cast

from backend.reports.documents import read_list, read_mapping, read_text, read_version
from backend.reports.errors import BadRules
from backend.reports.hiding import HIDING, hiding_from_document
from backend.reports.screening import (
    Kind,
    Level,
    Office,
    Phrase,
    ScreeningRule,
    ScreeningSet,
    Spelled,
)
from backend.reports.screening_numbers import DETAILS
from backend.reports.spelling import Word, read_words

_SET_KEYS = frozenset(
    {"version", "name", "note", "kinds", "words", "shorthand", "negations", "rules", "hiding"}
)
_KIND_KEYS = frozenset(
    {"code", "vi", "en", "advice_vi", "advice_en", "offices", "held", "to_intake", "restricted"}
    | {"urgent", "look_first"}
)
_OFFICE_KEYS = frozenset({"vi", "en", "phone", "url", "agency", "address"})
_RULE_KEYS = frozenset(
    {"id", "note", "kind", "level", "any", "all", "unless", "in", "span", "negatable"} | {"details"}
)
_UNIT_ROLE = "unit:"


def screening_from_document(
    document: object,
    *,
    categories: Collection[str] | None = None,
    agencies: Collection[str] | None = None,
) -> ScreeningSet:
    """Read a document of screening rules (see the module); raises BadRules where it is wrong.

    Where the known categories (fields too) or agencies are given, every code must be among them.
    """
    root = read_mapping(document, "screening", _SET_KEYS)
    version = read_version(root)
    kinds = _kinds(root.get("kinds"), agencies)
    named = _named(root.get("words", {}))
    rules: list[ScreeningRule] = []
    for i, item in enumerate(read_list(root.get("rules"), "rules")):
        rule = _rule(item, f"rules[{i}]", kinds=kinds, named=named, categories=categories)
        if any(rule.id == other.id for other in rules):
            raise BadRules(f"rules[{i}].id", "mã này đã có ở trên", "this id is given twice")
        rules.append(rule)
    return ScreeningSet(
        version,
        kinds,
        tuple(rules),
        shorthand=_shorthand(root.get("shorthand", {})),
        negations=_phrases(root.get("negations", []), "negations", {}),
        hiding=hiding_from_document(root["hiding"]) if "hiding" in root else HIDING,
    )


def _kinds(value: object, agencies: Collection[str] | None) -> Mapping[str, Kind]:
    found: dict[str, Kind] = {}
    for i, item in enumerate(read_list(value, "kinds")):
        where = f"kinds[{i}]"
        kind = read_mapping(item, where, _KIND_KEYS)
        code = read_text(kind.get("code"), f"{where}.code")
        offices = read_list(kind.get("offices"), f"{where}.offices")
        if code in found:
            raise BadRules(f"{where}.code", "mã này đã có ở trên", "this code is given twice")
        if not offices and not kind.get("look_first"):
            raise BadRules(f"{where}.offices", "cần ít nhất một nơi", "needs at least one office")
        found[code] = Kind(
            code=code,
            title_vi=read_text(kind.get("vi"), f"{where}.vi"),
            title_en=read_text(kind.get("en"), f"{where}.en"),
            advice_vi=read_text(kind.get("advice_vi"), f"{where}.advice_vi", longest=1000),
            advice_en=read_text(kind.get("advice_en"), f"{where}.advice_en", longest=1000),
            offices=tuple(
                _office(office, f"{where}.offices[{j}]", agencies)
                for j, office in enumerate(offices)
            ),
            is_held=_flag(kind, "held", where, default=True),
            to_intake=_flag(kind, "to_intake", where, default=True),
            is_restricted=_flag(kind, "restricted", where, default=False),
            is_urgent=_flag(kind, "urgent", where, default=False),
            look_first=_flag(kind, "look_first", where, default=False),
        )
    return found


def _office(value: object, where: str, agencies: Collection[str] | None) -> Office:
    office = read_mapping(value, where, _OFFICE_KEYS)
    agency = _optional(office, "agency", where)
    is_role = agency is None or agency.startswith(_UNIT_ROLE)
    if not is_role and agencies is not None and agency not in agencies:
        raise BadRules(f"{where}.agency", "không có cơ quan này", "no such agency")
    return Office(
        name_vi=read_text(office.get("vi"), f"{where}.vi"),
        name_en=read_text(office.get("en"), f"{where}.en"),
        phone=_optional(office, "phone", where),
        url=_optional(office, "url", where),
        agency=agency,
        address=_optional(office, "address", where),
    )


def _rule(
    item: object,
    where: str,
    *,
    kinds: Mapping[str, Kind],
    named: Mapping[str, tuple[Phrase, ...]],
    categories: Collection[str] | None,
) -> ScreeningRule:
    rule = read_mapping(item, where, _RULE_KEYS)
    kind = read_text(rule.get("kind"), f"{where}.kind")
    if kind not in kinds:
        raise BadRules(f"{where}.kind", "không có loại này", "no such kind")
    level = rule.get("level")
    if level not in set(Level):
        listed = ", ".join(Level)
        raise BadRules(f"{where}.level", f"phải là một trong: {listed}", f"one of {listed}")
    groups = [
        read_list(group, f"{where}.all") for group in read_list(rule.get("all", []), f"{where}.all")
    ]
    if "any" in rule:
        groups.append(read_list(rule["any"], f"{where}.any"))
    within = frozenset(
        read_text(code, f"{where}.in") for code in read_list(rule.get("in", []), where)
    )
    details = tuple(
        read_text(name, f"{where}.details")
        for name in read_list(rule.get("details", []), f"{where}.details")
    )
    if not set(details) <= set(DETAILS):
        listed = ", ".join(DETAILS)
        raise BadRules(f"{where}.details", f"phải là một trong: {listed}", f"one of {listed}")
    if not groups and not within and not details:
        raise BadRules(where, "cần có từ ngữ hoặc lĩnh vực", "needs words or categories")
    if categories is not None and not within <= set(categories):
        raise BadRules(f"{where}.in", "không có lĩnh vực này", "no such category")
    span = rule.get("span", ScreeningRule.span)
    if not isinstance(span, int) or isinstance(span, bool) or not 1 <= span <= 1000:
        raise BadRules(f"{where}.span", "phải là số từ 1 đến 1000", "must be 1 to 1000")
    return ScreeningRule(
        id=read_text(rule.get("id"), f"{where}.id"),
        kind=kind,
        level=Level(cast("str", level)),
        groups=tuple(_phrases(group, f"{where}.all", named) for group in groups),
        unless=_phrases(rule.get("unless", []), f"{where}.unless", named, least=0),
        categories=within,
        span=span,
        may_be_negated=_flag(rule, "negatable", where, default=True),
        details=details,
    )


def _named(value: object) -> Mapping[str, tuple[Phrase, ...]]:
    if not isinstance(value, Mapping):
        raise BadRules("words", "phải là đối tượng", "must be an object")
    return {str(name): _phrases(item, f"words.{name}", {}) for name, item in value.items()}


def _phrases(
    value: object, where: str, named: Mapping[str, tuple[Phrase, ...]], *, least: int = 1
) -> tuple[Phrase, ...]:
    found: dict[Phrase, None] = {}
    for item in read_list(value, where):
        text = read_text(item, where)
        if text.startswith("@"):
            if text[1:] not in named:
                raise BadRules(where, "không có nhóm từ này", "no such group of words")
            found.update(dict.fromkeys(named[text[1:]]))
        else:
            found[_checked_phrase(text, where)] = None
    if len(found) < least and where != "negations":
        raise BadRules(where, "cần ít nhất một cụm từ", "needs at least one phrase")
    return tuple(found)


def _checked_phrase(text: str, where: str) -> Phrase:
    phrase = _phrase(text)
    if not phrase.words:
        raise BadRules(where, "cụm từ không có chữ nào", "a phrase has no letters")
    return phrase


@lru_cache(maxsize=8192)
def _phrase(text: str) -> Phrase:
    spelled = next((how for how in Spelled if how and text.startswith(how)), Spelled.USUALLY)
    bare = text.removeprefix(spelled)
    return Phrase(bare, read_words(bare).words, spelled)


def _shorthand(value: object) -> Mapping[str, tuple[Word, ...]]:
    if not isinstance(value, Mapping):
        raise BadRules("shorthand", "phải là đối tượng", "must be an object")
    return {
        str(short).lower(): read_words(read_text(meant, f"shorthand.{short}")).words
        for short, meant in value.items()
    }


def _flag(item: Mapping[str, object], key: str, where: str, *, default: bool) -> bool:
    value = item.get(key, default)
    if not isinstance(value, bool):
        raise BadRules(f"{where}.{key}", "phải là true hoặc false", "must be true or false")
    return value


def _optional(item: Mapping[str, object], key: str, where: str) -> str | None:
    return None if item.get(key) is None else read_text(item[key], f"{where}.{key}")
