"""What the desk answers: rows turned into the contract's JSON."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from backend.accounts.principals import Principal
from backend.reports.event_words import event_label
from backend.reports.lifecycle import (
    LIFECYCLE,
    Language,
    Move,
    Need,
    Role,
    Status,
    allowed_moves,
    label,
)
from backend.reports.moves import roles_for
from backend.reports.report import Report
from backend.reports.rulebook import Rulebook
from backend.reports.screening import Ground

_CODE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+|[a-z]{3,}|\d{5}")


def queue_item(row: Mapping[str, Any], rulebook: Rulebook, language: Language) -> dict[str, Any]:
    """One row of the queue."""
    return {
        "id": row["id"],
        "code": row["code"],
        "category": _named(
            rulebook.categories.get(row["category_code"]), row["category_code"], language
        ),
        "text": row["text"],
        "address": row["address"],
        "location": {"lon": row["lon"], "lat": row["lat"]},
        "unit": {"code": row["unit_code"], "name": row["unit_name"]},
        "agency": agency(rulebook, row["agency_code"], language),
        "officer_id": row["officer_id"],
        "status": row["status"],
        "status_label": label(Status(row["status"]), language),
        "visibility": row["visibility"],
        "is_urgent": row["is_urgent"],
        "is_emergency": row["is_emergency"],
        "screening": screening_words(row["screening"], rulebook, language),
        "is_restricted": row["is_restricted"],
        "is_held": row["is_held"],
        "is_overdue": row["is_overdue"],
        "is_paused": row["paused_at"] is not None,
        "accept_by": row["accept_by"],
        "resolve_by": row["resolve_by"],
        "accepted_at": row["accepted_at"],
        "resolved_at": row["resolved_at"],
        "reopened": row["reopened"],
        "escalations": row["escalations"],
        "rating": row["rating"],
        "version": row["version"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def case_view(
    case: Mapping[str, Any],
    *,
    photos: Sequence[Mapping[str, Any]],
    report: Report,
    principal: Principal,
    rulebook: Rulebook,
    language: Language,
) -> dict[str, Any]:
    """Everything the desk shows of one case, and the moves this person may make."""
    roles = roles_for(principal, report)
    contact = {name: case[f"contact_{name}"] for name in ("name", "phone", "email")}
    officer = {"id": case["officer_id"], "name": case["officer_name"]}
    photos_url = f"/api/v1/desk/reports/{case['id']}/photos"
    return {
        **queue_item(case, rulebook, language),
        "answers": case["answers"],
        "happened_at": case["happened_at"],
        "accuracy_metres": case["accuracy_metres"],
        "unit_valid_from": case["unit_valid_from"],
        "co_agencies": [agency(rulebook, code, language) for code in case["co_agencies"]],
        "officer_group": case["officer_group"],
        "officer": officer if case["officer_id"] else None,
        "routing": case["routing"],
        "routing_words": routing_words(case, rulebook, language),
        "promise": {
            "version": case["promise_version"],
            "calendar": case["calendar_code"],
            "accept_by": case["accept_by"],
            "resolve_by": case["resolve_by"],
            "paused_at": case["paused_at"],
            "remaining_minutes": case["remaining_minutes"],
            "extensions": case["extensions"],
            "is_overdue": case["is_overdue"],
        },
        "closed_at": case["closed_at"],
        "merged_into": case["merged_into"],
        "source": case["source"],
        "is_anonymous": case["is_anonymous"],
        "is_sensitive": case["is_sensitive"],
        "contact": contact if any(contact.values()) and may_contact(principal, report) else None,
        "has_contact": any(contact.values()),
        "rating_comment": case["rating_comment"],
        "supporters": case["supporters"],
        "photos": [
            {
                **photo,
                "full_url": f"{photos_url}/{photo['sha256']}/full.webp",
                "small_url": f"{photos_url}/{photo['sha256']}/small.webp",
            }
            for photo in map(dict, photos)
        ],
        "others_may": others_may(report.status, roles),
        "moves": [
            {
                "move": move.value,
                "label": label(move, language),
                "needs": sorted(need.value for need in needs_of(report, move)),
            }
            for move in allowed_moves(report.status, roles)
        ],
    }


def others_may(status: Status, roles: Collection[Role]) -> dict[str, list[str]]:
    """Of what a screened report calls for and this person may not do: which roles may."""
    found: dict[str, list[str]] = {}
    for move in (Move.REDIRECT, Move.PUBLISH):
        rule = LIFECYCLE.get((status, move))
        if rule is not None and not rule.who & set(roles):
            found[move.value] = [role.value for role in Role if role in rule.who]
    return found


def screening_words(
    findings: Sequence[Mapping[str, Any]], rulebook: Rulebook, language: Language
) -> list[dict[str, Any]]:
    """What screening found in the words, with what the citizen was told and where to go."""
    kinds = rulebook.screening.kinds if rulebook.screening else {}
    found = []
    for finding in findings:
        kind = kinds.get(finding["kind"])
        vi = language == "vi"
        found.append(
            {
                **finding,
                "is_urgent": kind is not None and kind.is_urgent and finding["level"] != "advise",
                "title": (kind.title_vi if vi else kind.title_en) if kind else finding["kind"],
                "by": rulebook.screening.ground_of(finding["rules"])
                if rulebook.screening
                else Ground.WORDS,
                "look_first": kind is not None and kind.look_first,
                "offices": [
                    {"name": office.name_vi if vi else office.name_en, "phone": office.phone}
                    for office in (kind.offices if kind else ())
                ],
                "advice": (kind.advice_vi if vi else kind.advice_en) if kind else None,
            }
        )
    return found


def routing_words(case: Mapping[str, Any], rulebook: Rulebook, language: Language) -> str | None:
    """Why a report was routed so, with names in the place of codes."""
    reason = (case["routing"] or {}).get(f"reason_{language}")
    if not reason:
        return None
    _, named, rest = reason.partition("): ")

    def name(found: re.Match[str]) -> str:
        if found[0] == case["unit_code"]:
            return str(case["unit_name"])
        thing = rulebook.categories.get(found[0]) or rulebook.agencies.get(found[0])
        return thing.name(language) if thing else found[0]

    words = _CODE.sub(name, rest if named and reason.startswith(("Quy tắc", "Rule")) else reason)
    return words[:1].upper() + words[1:]


def may_contact(principal: Principal, report: Report) -> bool:
    """Whether this person sees who reported: the leading agency and intake, nobody beside them."""
    if principal.role in ("officer", "key_holder"):
        return principal.agency_code == report.agency_code
    return principal.role == "moderator"


def needs_of(report: Report, move: Move) -> frozenset[Need]:
    """What a move from the report's status asks for."""
    return LIFECYCLE[report.status, move].needs


def history_step(step: Mapping[str, Any], rulebook: Rulebook, language: Language) -> dict[str, Any]:
    """One event of the history: who, when, what, and the words."""
    return {
        "seq": step["seq"],
        "kind": step["kind"],
        "label": event_label(step["kind"], language),
        "at": step["at"],
        "actor": {"kind": step["actor_kind"], "id": step["actor_id"], "name": step["actor_name"]},
        "agency": agency(rulebook, step["agency_code"], language),
        "is_public": step["is_public"],
        "body": step["body"],
        "notes": step["notes"],
        "hash": step["hash"],
    }


def category(rulebook: Rulebook, code: str, language: Language) -> dict[str, Any]:
    """A category as the contract shows it."""
    return _named(rulebook.categories.get(code), code, language)


def agency(rulebook: Rulebook, code: str | None, language: Language) -> dict[str, Any] | None:
    """An agency as the contract shows it; None while there is none."""
    return _named(rulebook.agencies.get(code), code, language) if code else None


def _named(thing: Any, code: str, language: Language) -> dict[str, Any]:
    return {"code": code, "name": thing.name(language) if thing is not None else code}
