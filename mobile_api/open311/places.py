"""Which place, and in which words: what every operation of Open311 asks of a request."""

from typing import Any, Final

from litestar import Request

from backend.agencies.catalogue import Category
from backend.reports.rulebook import Rulebook
from backend.settings import Settings
from backend.web.limits import Limit
from backend.web.policies import ANY_SITE, NOBODY_ASKED
from mobile_api.open311.errors import UnknownJurisdiction, UnknownServiceCode

# Sessions are not read: a key is what lets a program write, and pages of any site may ask.
READ: Final = {
    "policy": NOBODY_ASKED,
    "limit": Limit("open311_read", per_minute=600, burst=200),
}
# Another city's server sends all its people's reports from one address; its key has its own limits.
WRITE: Final = {
    "policy": ANY_SITE,
    "limit": Limit("open311_write", per_minute=600, burst=200),
}


def paths(*names: str) -> list[str]:
    """A path with each of its extensions, and without, where Accept chooses."""
    return [f"{name}{extension}" for name in names for extension in (".json", ".xml", "")]


def query_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The query, each name once: the last one counts."""
    return dict(request.query_params.multi_items())


def check_jurisdiction(settings: Settings, jurisdiction_id: str | None) -> None:
    """Raise UnknownJurisdiction when another place is meant; none given means this one."""
    ours = settings.open311_jurisdiction
    if ours and jurisdiction_id and jurisdiction_id.lower() != ours.lower():
        raise UnknownJurisdiction()


def list_services(rulebook: Rulebook, settings: Settings) -> list[Category]:
    """The categories that are offered: what is restricted only where the operator allows it."""
    return [
        category
        for category in rulebook.categories.values()
        if category.field_code is not None
        and category.is_active
        and (not category.is_restricted or category.code in settings.open311_restricted)
    ]


def get_service(rulebook: Rulebook, settings: Settings, code: str) -> Category:
    """The offered category with this code; raises UnknownServiceCode."""
    for category in list_services(rulebook, settings):
        if category.code == code:
            return category
    raise UnknownServiceCode()
