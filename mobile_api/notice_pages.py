"""/toi/thong-bao: what an account is told of, and the areas it follows; needs no script."""

import uuid
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from backend import clock
from backend.accounts.principals import Principal
from backend.database import Database
from backend.errors import Malformed
from backend.messages.announce import rules_now
from backend.messages.areas.alerts import list_areas, unfollow_area
from backend.messages.areas.store import Owner
from backend.messages.choices.actions import change_account_notices, read_account_notices
from backend.messages.choices.kinds import CHANNELS, Channel, Choices, is_by_default, list_kinds
from backend.messages.quiet import read_quiet_hours
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.language import Language, page_language
from backend.web.limits import Limit
from backend.web.policies import roles
from mobile_api.choices import list_communes

_PATH: Final = "/toi/thong-bao"
_READ: Final = {"policy": roles("citizen"), "sign_in": "/dang-nhap/nguoi-dan"}
_WRITE: Final = {**_READ, "limit": Limit("notice_page", per_minute=30, burst=30)}


@get(_PATH, opt=_READ, include_in_schema=False)
async def notice_page(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    xong: FromQuery[str] = "",
) -> Template:
    """Every kind of notice with a tick for each channel, and the followed areas."""
    language = page_language(request)
    found = await read_account_notices(
        database, principal.account_id, secret_key=settings.secret_key
    )
    areas = await list_areas(database, Owner(account_id=principal.account_id))
    hours = await rules_now(database.app, settings, clock.now())
    rulebook = await rulebooks.current()
    communes = {str(row.unit.code): row.unit.name for row in await list_communes(database)}
    return Template(
        "citizen/notices.html",
        context={
            "kinds": [
                (
                    kind,
                    words.in_language(language),
                    {
                        channel: found.choices.of(channel).get(kind, is_by_default(kind, channel))
                        for channel in CHANNELS
                    },
                )
                for kind, words in list_kinds(is_staff=False).items()
            ],
            "has_address": found.has_address,
            "is_stopped": found.is_stopped,
            "quiet": read_quiet_hours(hours.quiet_hours),
            "batch_at": hours.area_batch_at,
            "areas": [
                {
                    "id": area.id,
                    "unit": communes.get(area.unit or "", area.unit),
                    "circle": area.circle,
                    "category": _category(rulebook, area.category, language),
                }
                for area in areas
            ],
            "is_done": bool(xong),
        },
        headers={"Cache-Control": "no-store"},
    )


@post(_PATH, opt=_WRITE, include_in_schema=False, status_code=200)
async def change(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Keep what is ticked, or follow an area no more."""
    async with read_form(request) as form:
        ticked = {channel: frozenset(map(str, form.getall(channel, []))) for channel in CHANNELS}
        dropped, stops = form.get("area"), form.get("stop_email")
    if dropped is not None:
        try:
            alert_id = uuid.UUID(str(dropped))
        except ValueError:
            raise Malformed() from None
        await unfollow_area(database, Owner(account_id=principal.account_id), alert_id)
    else:
        await change_account_notices(
            database,
            principal.account_id,
            Choices(push=_chosen("push", ticked["push"]), email=_chosen("email", ticked["email"])),
            is_staff=False,
            stop_email=stops is not None,
            secret_key=settings.secret_key,
        )
    return Redirect(f"{_PATH}?xong=1", status_code=303)


def _category(rulebook: Rulebook, code: str | None, language: Language) -> str | None:
    known = rulebook.categories.get(code) if code else None
    return known.name(language) if known else code


def _chosen(channel: Channel, ticked: frozenset[str]) -> dict[str, bool]:
    """What differs from the default, so that a default that changes holds for the rest."""
    return {
        kind: kind in ticked
        for kind in list_kinds(is_staff=False)
        if (kind in ticked) != is_by_default(kind, channel)
    }
