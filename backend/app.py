"""The web application: the doors' routes joined under one guard, one error table, one layout."""

from litestar import Litestar
from litestar.di import Provide

from backend.desk import routes as desk
from backend.errors import SettingsError
from backend.settings import Settings, read_settings
from backend.web import routes as web
from backend.web.assets import check_is_built, read_assets
from backend.web.bodies import Patience
from backend.web.life import live
from backend.web.logs import configure_logs
from backend.web.observe import Observer
from backend.web.openapi import describe
from backend.web.pages import template_config
from backend.web.policies import check_policies, guard, provide_principal
from backend.web.problems import answer
from backend.web.state import (
    new_state,
    provide_database,
    provide_objects,
    provide_rulebooks,
    provide_settings,
)
from ioc_views import routes as leaders
from mobile_api import routes as citizens
from mobile_api.open311.refusals import in_georeport

# Whose templates and static files are served; the kit's layout first.
PACKAGES = ("backend.web", "mobile_api", "backend.desk", "ioc_views", "moderation")


def create_app(settings: Settings) -> Litestar:
    """The application; raises NotBuilt, or PolicyMissing when a handler says not whom it serves."""
    configure_logs(settings.log_level)
    check_is_built()
    assets = read_assets(PACKAGES)
    app = Litestar(
        route_handlers=[*web.ROUTES, *citizens.ROUTES, *desk.ROUTES, *leaders.ROUTES],
        state=new_state(settings, assets),
        lifespan=[live],
        guards=[guard],
        exception_handlers={Exception: in_georeport(answer)},
        dependencies={
            "settings": Provide(provide_settings, sync_to_thread=False),
            "database": Provide(provide_database, sync_to_thread=False),
            "rulebooks": Provide(provide_rulebooks, sync_to_thread=False),
            "objects": Provide(provide_objects, sync_to_thread=False),
            "principal": Provide(provide_principal, sync_to_thread=False),
        },
        template_config=template_config(PACKAGES, assets),
        request_max_body_size=settings.body_max_bytes,
        openapi_config=describe(),
        logging_config=None,
    )
    check_policies(app)
    app.asgi_handler = Observer(Patience(app.asgi_handler), settings)
    return app


def serve() -> Litestar:
    """The application with the environment's settings: `uvicorn backend.app:serve --factory`."""
    settings = read_settings()
    if not settings.secret_key:
        raise SettingsError("Thiếu CAUNOI_SECRET_KEY.", "CAUNOI_SECRET_KEY is missing.")
    return create_app(settings)
