"""Citizens sign in with a code sent to their telephone or e-mail; accounts are optional.

Whoever asks learns nothing of who has an account: every address is sent a code, the answer is the
same, and the account is looked for only once its owner has typed the code.
"""

from datetime import timedelta
from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from backend import clock
from backend.accounts.addresses import Address, read_address, read_email, read_phone
from backend.accounts.citizens.actions import Typed, sign_in_program
from backend.accounts.citizens.codes import LIFETIME, AskedCode, ask_code
from backend.accounts.citizens.store import find_requested_address
from backend.accounts.errors import AddressRefused, WrongCode
from backend.database import Database
from backend.identifiers import AccountId, hash_token
from backend.settings import Settings
from backend.web.clients import client_address, limit_key
from backend.web.cookies import is_https
from backend.web.language import language_of
from backend.web.limits import Limit, hold_in_database
from backend.web.policies import ANYONE
from backend.web.sign_in import TokenPair
from backend.web.state import parts_of

# All of them live in the database and fail closed. Thousands of telephones share one address of
# their network, so a client's limit is wide; what one client may ask for one number is what a
# person needs. Strangers who ask for somebody's number use up what is theirs: its owner, who asks
# from elsewhere, waits only for what bounds the bill and the nuisance, 48 minutes at the longest,
# and codes already sent stay good. Thirty codes a day are 150 guesses at a million.
_ASK_BY_CLIENT: Final = Limit("code-client", per_minute=2, burst=40)
_ASK_BY_PAIR: Final = Limit("code-pair", per_minute=0.2, burst=3)
_ASK_BY_PAIR_DAILY: Final = Limit("code-pair-day", per_minute=10 / 1440, burst=10)
_ASK_BY_NUMBER_DAILY: Final = Limit("code-address-day", per_minute=30 / 1440, burst=30)
_GUESS_BY_CLIENT: Final = Limit("code-guess", per_minute=10, burst=60)
REQUEST_COOKIE: Final = "caunoi-ma"
_OPT: Final = {"policy": ANYONE}

_Phone = Annotated[str, Meta(min_length=6, max_length=40)]
_Email = Annotated[str, Meta(min_length=5, max_length=254)]


class AskIn(Struct, forbid_unknown_fields=True):
    """Where the code goes: one of the two."""

    phone: _Phone | None = None
    email: _Email | None = None


class CodeIn(Struct, forbid_unknown_fields=True):
    """The code, and the `request` that the first answer gave (its cookie does as well)."""

    code: Annotated[str, Meta(min_length=4, max_length=12)]
    request: Annotated[str, Meta(max_length=100)] | None = None
    phone: _Phone | None = None
    email: _Email | None = None


class AskedOut(Struct, frozen=True):
    """The same for every address; `request` belongs with the code."""

    request: str
    sent_to: str
    expires_in: int


@post(
    "/api/v1/sign-in",
    opt=_OPT,
    status_code=202,
    summary="Lấy mã đăng nhập",
    tags=["account"],
)
async def ask(
    request: Request[Any, Any, Any],
    data: JSONBody[AskIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[AskedOut]:
    """Send a code to a mobile number or e-mail address, known here or not."""
    address = one_address(data.phone, data.email, settings)
    asked = await ask_held(request, address, database=database, settings=settings)
    answer = Response(
        AskedOut(asked.request, address.masked, int(LIFETIME.total_seconds())), status_code=202
    )
    answer.set_cookie(request_cookie(settings, asked.request))
    return answer


@post(
    "/api/v1/sign-in/code",
    opt=_OPT,
    status_code=201,
    summary="Đăng nhập bằng mã",
    tags=["account"],
)
async def enter(
    request: Request[Any, Any, Any],
    data: JSONBody[CodeIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> TokenPair:
    """Trade a code for tokens; the account is made at the first sign-in. Five guesses a code."""
    token = (data.request or request.cookies.get(REQUEST_COOKIE) or "")[:100]
    await hold_guess(request, database=database, settings=settings)
    if data.phone is not None or data.email is not None:
        named = one_address(data.phone, data.email, settings)
        if named != await find_requested_address(database.app, hash_token(token), now=clock.now()):
            raise WrongCode()
    tokens = await sign_in_program(
        database, Typed(token, data.code), settings=settings, now=clock.now()
    )
    return TokenPair(tokens.access_token, tokens.refresh_token, tokens.expires_in)


def one_address(phone: str | None, email: str | None, settings: Settings) -> Address:
    """The one address that was named; raises AddressRefused for none, two, or none that can be."""
    if (phone is None) == (email is None):
        raise AddressRefused()
    if phone is not None:
        return read_phone(phone, countries=settings.sms_countries)
    return read_email(email or "")


async def ask_typed(
    request: Request[Any, Any, Any], typed: str, *, database: Database, settings: Settings
) -> AskedCode:
    """As ask_held, for an address of either kind as a person typed it."""
    address = read_address(typed[:254], countries=settings.sms_countries)
    return await ask_held(request, address, database=database, settings=settings)


async def ask_held(
    request: Request[Any, Any, Any],
    address: Address,
    *,
    database: Database,
    settings: Settings,
    account_id: AccountId | None = None,
) -> AskedCode:
    """Have a code sent, within what client, address and installation may ask; raises TooMany."""
    now = clock.now()
    whole = Limit(
        "code-all",
        per_minute=settings.codes_per_hour / 60,
        burst=max(10, settings.codes_per_hour // 6),
    )
    client = limit_key(client_address(request, parts_of(request.app.state).trusted))
    place = f"{address.kind}:{address.value}"
    # all or none: what one limit refuses must not use up the others
    async with database.transaction() as connection:
        for limit, key in (
            (_ASK_BY_CLIENT, client),
            (_ASK_BY_PAIR, f"{client} {place}"),
            (_ASK_BY_PAIR_DAILY, f"{client} {place}"),
            (_ASK_BY_NUMBER_DAILY, place),
            # letters cost nothing: they must not use up what guards the bill for text messages
            (whole, address.kind),
        ):
            await hold_in_database(connection, limit, key, settings=settings, now=now)
    return await ask_code(
        database, address, language=language_of(request), now=now, account_id=account_id
    )


async def hold_guess(
    request: Request[Any, Any, Any], *, database: Database, settings: Settings
) -> None:
    """Count one guess of this client, whatever it guesses at; raises TooMany."""
    client = limit_key(client_address(request, parts_of(request.app.state).trusted))
    await hold_in_database(
        database.app, _GUESS_BY_CLIENT, client, settings=settings, now=clock.now()
    )


def request_cookie(settings: Settings, token: str, *, seconds: int | None = None) -> Cookie:
    """Keeps the request of a code in the browser that asked for it, for as long as it lives."""
    lifetime = LIFETIME if seconds is None else timedelta(seconds=seconds)
    return Cookie(
        key=REQUEST_COOKIE,
        value=token,
        max_age=int(lifetime.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_https(settings),
    )
