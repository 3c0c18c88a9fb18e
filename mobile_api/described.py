"""What OpenAPI says of answers whose fields need an explanation: parts of them, as JSON schemas.

The answers are built by hand (views.py, own.py, screening.py); a test compares the names here with
what is really answered.
"""

from dataclasses import dataclass
from typing import Any, Final

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation

from mobile_api.documents import RawSchema

_TEXT: Final = {"type": "string"}
_AGENCY: Final = {
    "type": ["object", "null"],
    "properties": {"code": _TEXT, "name": _TEXT},
    "required": ["code", "name"],
}
_BY: Final = {
    "type": "string",
    "enum": ["citizen", "agency", "system", "administration"],
    "description": "Who took the step, as a kind and never a person: `citizen` the reporter (also "
    "where an official wrote down what a citizen said), `agency` the one that had the report then "
    "(`by_agency`), `system` time alone, `administration` moderators and leaders.",
}
_BY_AGENCY: Final = {**_AGENCY, "description": "Which agency it was; null unless `by` is `agency`."}
_STEP: Final = {
    "type": "object",
    "required": ["kind", "label", "at", "status", "by", "by_agency", "agency", "notes"],
    "properties": {
        "kind": {**_TEXT, "description": "The move or moment, e.g. accept, resolve, reopen."},
        "label": {**_TEXT, "description": "The same in people's words."},
        "at": {"type": "string", "format": "date-time"},
        "status": {"type": ["string", "null"], "description": "The stage after the step."},
        "by": _BY,
        "by_agency": _BY_AGENCY,
        "agency": {**_AGENCY, "description": "Who has the report after the step."},
        "notes": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "The words of the step that the reader may see, by kind of note.",
        },
        "resolve_by": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The new deadline, where this step moved it.",
        },
    },
}
_TRACKING: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["code", "status", "is_published", "timeline"],
    "properties": {
        "code": _TEXT,
        "status": _TEXT,
        "is_published": {
            "type": "boolean",
            "description": "Whether strangers may read words, place and photos now.",
        },
        "timeline": {"type": "array", "items": _STEP, "description": "Oldest first."},
    },
}
_MAYBE: Final = {"type": ["string", "null"]}
_OFFICE: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "role": {**_MAYBE, "description": "What it is named for, where its name does not say so."},
        "phone": _MAYBE,
        "url": _MAYBE,
        "address": _MAYBE,
        "agency": {**_MAYBE, "description": "Its code, where it is one of the agencies."},
    },
}
_FINDING: Final = {
    "type": "object",
    "required": ["kind", "level", "by", "is_held", "is_urgent", "title", "advice", "offices"],
    "properties": {
        "kind": {**_TEXT, "description": "As the rules of screening name it."},
        "level": {"type": "string", "enum": ["advise", "must_confirm", "not_taken"]},
        "by": {
            "type": "string",
            "enum": ["words", "category"],
            "description": "What it rests on: the `words`, or only the `category` that was chosen.",
        },
        "is_held": {
            "type": "boolean",
            "description": "Whether a report sent all the same is held back: accepting it does not "
            "publish it, somebody has to say so.",
        },
        "is_urgent": {
            "type": "boolean",
            "description": "An emergency: call the offices' numbers; a report sent all the same "
            "goes to its agency at once and stands in front of the queue.",
        },
        "title": _TEXT,
        "advice": _TEXT,
        "offices": {"type": "array", "items": _OFFICE},
        "because": {
            "type": "array",
            "items": _TEXT,
            "description": "The rules' own words that fitted, never those of the text.",
        },
    },
}
_HIDDEN: Final = {
    "type": ["object", "null"],
    "description": "Why the report is shown no more; null while `is_hidden` is false.",
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "by": _BY,
        "by_agency": _BY_AGENCY,
        "reason_code": {
            "type": ["string", "null"],
            "description": "Of the list in the rules of screening; null where none was given.",
        },
        "reason": {"type": ["string", "null"], "description": "The code in a few words."},
        "text": {"type": ["string", "null"], "description": "The code in a sentence."},
        "words": {
            "type": ["string", "null"],
            "description": "What was written to the reporter; nobody else reads it.",
        },
    },
}
_OWN_PHOTO: Final = {
    "type": "object",
    "required": ["sha256", "purpose", "state", "is_held"],
    "properties": {
        "sha256": _TEXT,
        "purpose": {"type": "string", "enum": ["before", "after"]},
        "state": {"type": "string", "enum": ["expected", "stored", "ready", "refused"]},
        "is_held": {
            "type": "boolean",
            "description": "Whether the photo waits until somebody has looked at it; strangers do "
            "not see it until then, although the report is public.",
        },
    },
}
_MINE: Final[dict[str, Any]] = {
    **_TRACKING,
    "required": [*_TRACKING["required"], "mine"],
    "properties": {
        **_TRACKING["properties"],
        "mine": {
            "type": "object",
            "description": "What only the reporter sees.",
            "required": ["is_hidden", "hidden", "merged_into", "photos", "screening"],
            "properties": {
                "is_to_be_published": {
                    "type": "boolean",
                    "description": "Whether an agency that accepts it thereby shows it to all.",
                },
                "is_followed_by_code": {
                    "type": "boolean",
                    "description": "Whether others who know the code may follow its progress.",
                },
                "is_hidden": {
                    "type": "boolean",
                    "description": "Whether the report was taken from public view, or kept from "
                    "it. Strangers then get 404, as for a report that never was.",
                },
                "hidden": _HIDDEN,
                "merged_into": {
                    **_MAYBE,
                    "description": "The code of the report that it was merged with, where that "
                    "one is published.",
                },
                "photos": {"type": "array", "items": _OWN_PHOTO},
                "screening": {"type": "array", "items": _FINDING},
            },
        },
    },
}
_SCREENED: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["findings", "suggestions"],
    "properties": {
        "findings": {"type": "array", "items": _FINDING, "description": "The gravest first."},
        "suggestions": {"type": "array", "items": {"type": "object"}},
    },
}


def _answers(operation: Operation, schema: dict[str, Any]) -> None:
    """Put the schema in the place of the plain object that Litestar knows of."""
    response = (operation.responses or {}).get("200")
    if isinstance(response, OpenAPIResponse):
        response.content = {"application/json": OpenAPIMediaType(schema=RawSchema(schema))}


@dataclass
class TrackingOperation(Operation):
    """GET of a report by its code."""

    def __post_init__(self) -> None:
        _answers(self, _TRACKING)


@dataclass
class MineOperation(Operation):
    """GET of the reporter's own view."""

    def __post_init__(self) -> None:
        _answers(self, _MINE)


@dataclass
class ScreenOperation(Operation):
    """POST of words to be screened before they are sent."""

    def __post_init__(self) -> None:
        _answers(self, _SCREENED)
