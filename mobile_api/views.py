"""What the citizen's door answers: rows of the public views turned into the contract's JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.clock import now
from backend.reports.event_words import event_label
from backend.reports.lifecycle import Language, Status, label
from backend.reports.reporter.store import Hiding
from backend.reports.rulebook import Rulebook
from mobile_api.promise_clock import promise_clock
from mobile_api.words import next_step


def submit_answer(submitted: Any) -> dict[str, Any]:
    """The 201 of POST /reports."""
    return {
        "id": submitted.id,
        "code": submitted.code,
        "status": submitted.status,
        "tracking_secret": submitted.tracking_secret,
        "owned": submitted.owned,
        "unit": submitted.unit,
        "agency": submitted.agency,
        "promises": {"accept_by": submitted.accept_by, "resolve_by": submitted.resolve_by},
        "photos": [
            {**photo, "upload_url": f"/api/v1/reports/{submitted.id}/photos/{photo['sha256']}"}
            for photo in submitted.photos
        ],
        "created_at": submitted.created_at,
    }


def timeline(
    events: Iterable[Mapping[str, Any]], rulebook: Rulebook, language: Language
) -> list[dict[str, Any]]:
    """The public history, oldest first, in people's words; `resolve_by` where a step moved it.

    `by` is who took the step: citizen, agency (`by_agency` says which), system or administration;
    a kind, never a person (the function event_author of the database decides).
    """
    steps = []
    deadline: str | None = None
    for event in events:
        promised = event["body"].get("resolve_by")
        steps.append(
            {
                "kind": event["kind"],
                "label": event_label(event["kind"], language),
                "at": event["at"],
                "status": event["body"].get("status"),
                "by": event["author"],
                "by_agency": agency_of(rulebook, event["author_agency"], language),
                "agency": agency_of(rulebook, event["agency_code"], language),
                "notes": event["notes"],
                "resolve_by": datetime.fromisoformat(promised)
                if promised and deadline and promised != deadline
                else None,
            }
        )
        deadline = promised
    return steps


def hidden_view(
    hiding: Hiding | None, rulebook: Rulebook, language: Language
) -> dict[str, Any] | None:
    """Why a report is no longer public, as its reporter is told; None where nothing is known."""
    if hiding is None:
        return None
    reason = rulebook.hiding.get(hiding.reason_code or "")
    title = None if reason is None else (reason.title_vi, reason.title_en)[language == "en"]
    text = None if reason is None else (reason.text_vi, reason.text_en)[language == "en"]
    return {
        "at": hiding.at,
        "by": hiding.author,
        "by_agency": agency_of(rulebook, hiding.author_agency, language),
        "reason_code": hiding.reason_code,
        "reason": title,
        "text": text,
        "words": hiding.words,
    }


def agency_of(rulebook: Rulebook, code: str | None, language: Language) -> dict[str, Any] | None:
    """An agency as the contract shows it; None while there is none."""
    if code is None:
        return None
    agency = rulebook.agencies.get(code)
    return {"code": code, "name": agency.name(language) if agency else code}


def category_of(rulebook: Rulebook, code: str, language: Language) -> dict[str, Any]:
    """A category as the contract shows it."""
    category = rulebook.categories.get(code)
    return {"code": code, "name": category.name(language) if category else code}


def list_item(row: Mapping[str, Any], rulebook: Rulebook, language: Language) -> dict[str, Any]:
    """One row of the public list."""
    item = {
        "code": row["code"],
        "category": category_of(rulebook, row["category_code"], language),
        "text": row["text"],
        "location": {"lon": row["lon"], "lat": row["lat"]},
        "is_coarse": row["is_coarse"],
        "unit": {"code": row["unit_code"], "name": row["unit_name"]},
        "status": row["status"],
        "status_label": label(Status(row["status"]), language),
        "agency": agency_of(rulebook, row["agency_code"], language),
        "resolve_by": row["resolve_by"],
        "resolved_at": row["resolved_at"],
        "is_overdue": row["is_overdue"],
        "supporters": row["supporters"],
        "created_at": row["created_at"],
    }
    if "distance_metres" in row.keys():  # noqa: SIM118  asyncpg rows are no dicts
        item["distance_metres"] = round(row["distance_metres"])
    return item


def tracking_view(
    row: Mapping[str, Any],
    published: Mapping[str, Any] | None,
    *,
    events: Sequence[Mapping[str, Any]],
    photos: Sequence[Mapping[str, Any]],
    rulebook: Rulebook,
    language: Language,
) -> dict[str, Any]:
    """The public projection of one report; words, place and photos only once it is published."""
    agency = agency_of(rulebook, row["agency_code"], language)
    promise = promise_clock(
        row,
        events,
        calendar=rulebook.calendar_of(row["agency_code"]) if row["agency_code"] else None,
        at=now(),
        language=language,
    )
    return {
        "code": row["code"],
        "status": row["status"],
        "status_label": label(Status(row["status"]), language),
        "is_published": published is not None,
        "category": category_of(rulebook, row["category_code"], language),
        "unit": {
            "code": row["unit_code"],
            "name": row["unit_name"],
            "valid_from": row["unit_valid_from"],
        },
        "agency": agency,
        "text": published["text"] if published else None,
        "address": published["address"] if published else None,
        "happened_at": published["happened_at"] if published else None,
        "location": {"lon": published["lon"], "lat": published["lat"]} if published else None,
        "is_coarse": published["is_coarse"] if published else None,
        "supporters": published["supporters"] if published else None,
        "promise": promise,
        "next_step": next_step(row["status"], promise, agency, language),
        "timeline": timeline(events, rulebook, language),
        "photos": {
            purpose: [
                {
                    "sha256": photo["sha256"],
                    "width": photo["width"],
                    "height": photo["height"],
                    "full_url": photo_url(row["id"], photo["sha256"], "full"),
                    "small_url": photo_url(row["id"], photo["sha256"], "small"),
                }
                for photo in photos
                if photo["purpose"] == purpose
            ]
            for purpose in ("before", "after")
        },
        "rating": row["rating"],
        "reopened": row["reopened"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def photo_url(report_id: object, sha256: str, size: str) -> str:
    """Where a derivative is served."""
    return f"/api/v1/reports/{report_id}/photos/{sha256}/{size}.webp"


def moment(value: datetime | None) -> str | None:
    """RFC 3339, UTC."""
    return value.isoformat().replace("+00:00", "Z") if value else None
