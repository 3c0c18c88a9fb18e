"""What the running app holds for every request, and how handlers and the kit get it."""

from dataclasses import dataclass
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import State

from backend.database import Database, DatabaseDown
from backend.photos.errors import StoreDown
from backend.photos.objects import ObjectStore
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.assets import Assets
from backend.web.clients import Networks, read_networks

_KEY: Final = "parts"


@dataclass
class Parts:
    """The app's parts; `database` and `rulebooks` are None until PostgreSQL has answered once."""

    settings: Settings
    trusted: Networks
    assets: Assets
    database: Database | None = None
    rulebooks: Rulebooks | None = None
    objects: ObjectStore | None = None
    is_migrated: bool = False


def new_state(settings: Settings, assets: Assets) -> State:
    """The app's state; raises ValueError when a trusted proxy is not an address or network."""
    parts = Parts(settings, read_networks(settings.trusted_proxies), assets)
    return State({_KEY: parts}, deep_copy=False)


def parts_of(state: State) -> Parts:
    """The parts of this app."""
    parts: Parts = state[_KEY]
    return parts


def settings_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Settings:
    """The settings the app was made with."""
    return parts_of(connection.app.state).settings


def database_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Database:
    """The app's database; raises DatabaseDown while it has not been reached yet."""
    return provide_database(connection.app.state)


def provide_settings(state: State) -> Settings:
    """The dependency `settings`."""
    return parts_of(state).settings


def provide_database(state: State) -> Database:
    """The dependency `database`; raises DatabaseDown while it has not been reached yet."""
    database = parts_of(state).database
    if database is None:
        raise DatabaseDown()
    return database


def provide_rulebooks(state: State) -> Rulebooks:
    """The dependency `rulebooks`; raises DatabaseDown while the database has not been reached."""
    rulebooks = parts_of(state).rulebooks
    if rulebooks is None:
        raise DatabaseDown()
    return rulebooks


def provide_objects(state: State) -> ObjectStore:
    """The dependency `objects`; raises StoreDown outside the app's life."""
    objects = parts_of(state).objects
    if objects is None:
        raise StoreDown()
    return objects
