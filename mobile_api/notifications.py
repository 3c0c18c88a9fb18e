"""What an account is told of, and the one click that ends e-mail."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from msgspec import Meta, Struct

from backend import clock
from backend.accounts.principals import Principal
from backend.database import Database
from backend.messages.announce import rules_now
from backend.messages.choices.actions import change_account_notices, read_account_notices
from backend.messages.choices.kinds import CHANNELS, Choices, is_by_default, list_kinds
from backend.messages.choices.mailboxes import read_token, stop_mail
from backend.messages.letterhead import UNSUBSCRIBE_PATH
from backend.messages.quiet import read_quiet_hours
from backend.settings import Settings
from backend.web.language import Language, language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE, signed_in

_OPT: Final = {"policy": signed_in(), "limit": Limit("notices", per_minute=60, burst=60)}
_STOP: Final = {"policy": ANYONE, "limit": Limit("unsubscribe", per_minute=60, burst=60)}
_TAGS: Final = ["notices"]


class NoticesIn(Struct, forbid_unknown_fields=True):
    """All choices by channel: kind → wanted; what is left out is as usual.

    `stop_email` ends all e-mail, or lets it begin again; left out, it stays.
    """

    push: Annotated[dict[str, bool], Meta(max_length=50)] = {}
    email: Annotated[dict[str, bool], Meta(max_length=50)] = {}
    stop_email: bool | None = None


@get("/api/v1/me/notifications", opt=_OPT, summary="Lựa chọn thông báo của tôi", tags=_TAGS)
async def read_notices(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Every kind of notice with what is chosen for each channel, and when notices wait."""
    return await _view(principal, database, settings, language=language_of(request))


@put("/api/v1/me/notifications", opt=_OPT, summary="Chọn thông báo muốn nhận", tags=_TAGS)
async def change_notices(
    request: Request[Any, Any, Any],
    data: JSONBody[NoticesIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Replace all choices by these."""
    await change_account_notices(
        database,
        principal.account_id,
        Choices(push=data.push, email=data.email),
        is_staff=principal.role != "citizen",
        stop_email=data.stop_email,
        secret_key=settings.secret_key,
    )
    return await _view(principal, database, settings, language=language_of(request))


@get(f"{UNSUBSCRIBE_PATH}/{{token:str}}", opt=_STOP, include_in_schema=False)
async def ask_to_stop(token: FromPath[str], settings: NamedDependency[Settings]) -> Template:
    """Ask whether e-mail is to end: programs that look at links must not end it by looking."""
    read_token(token, secret_key=settings.secret_key)
    return Template("citizen/stop_mail.html", context={"is_done": False}, headers=_PRIVATE)


@post(f"{UNSUBSCRIBE_PATH}/{{token:str}}", opt=_STOP, include_in_schema=False, status_code=200)
async def stop(
    token: FromPath[str], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[Any] | Template:
    """End e-mail to the address that this link was sent to, by one click (RFC 8058)."""
    await stop_mail(database, token, secret_key=settings.secret_key)
    return Template("citizen/stop_mail.html", context={"is_done": True}, headers=_PRIVATE)


_PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


async def _view(
    principal: Principal, database: Database, settings: Settings, *, language: Language
) -> dict[str, Any]:
    found = await read_account_notices(
        database, principal.account_id, secret_key=settings.secret_key
    )
    hours = await rules_now(database.app, settings, clock.now())
    quiet = read_quiet_hours(hours.quiet_hours)
    return {
        "items": [
            {"kind": kind, "title": words.in_language(language)}
            | {
                channel: found.choices.of(channel).get(kind, is_by_default(kind, channel))
                for channel in CHANNELS
            }
            for kind, words in list_kinds(is_staff=principal.role != "citizen").items()
        ],
        "next": None,
        "email": {"has_address": found.has_address, "is_stopped": found.is_stopped},
        "quiet_hours": quiet and {"from": f"{quiet.starts:%H:%M}", "to": f"{quiet.ends:%H:%M}"},
        "area_batch_at": hours.area_batch_at,
    }
