"""Templates of every door, and what they may call: `t(vi, en)`, `asset(name)`, `principal()` …"""

from collections.abc import Iterable
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import jinja2
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig

from backend.accounts.principals import Principal
from backend.clock import now
from backend.web.assets import Assets
from backend.web.language import Language, page_language
from backend.web.moments import written_day, written_moment
from backend.web.policies import principal_of


def template_config(packages: Iterable[str], assets: Assets) -> TemplateConfig[JinjaTemplateEngine]:
    """Templates from each package's `templates` folder; the first package wins a shared name."""
    folders = [str(folder) for name in packages if (folder := files(name) / "templates").is_dir()]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        asset=assets.url,
        t=_translate,
        lang=_lang,
        principal=_principal,
        here=_here,
        other_language_url=_other_language_url,
        now=now,
    )
    environment.filters.update(moment=_moment, day=_day, number=_number)
    return TemplateConfig(instance=JinjaTemplateEngine(engine_instance=environment))


def _request(context: jinja2.runtime.Context) -> Request[Any, Any, Any]:
    request: Request[Any, Any, Any] = context["request"]
    return request


@jinja2.pass_context
def _translate(context: jinja2.runtime.Context, vi: str, en: str) -> str:
    return vi if _lang(context) == "vi" else en


@jinja2.pass_context
def _lang(context: jinja2.runtime.Context) -> Language:
    return page_language(_request(context))


@jinja2.pass_context
def _principal(context: jinja2.runtime.Context) -> Principal | None:
    return principal_of(_request(context).scope)


@jinja2.pass_context
def _here(context: jinja2.runtime.Context) -> str:
    return _request(context).url.path


@jinja2.pass_context
def _other_language_url(context: jinja2.runtime.Context) -> str:
    """The switch to the other language, which leads back to this very page."""
    url = _request(context).url
    kept = [(name, value) for name, value in parse_qsl(url.query) if name != "lang"]
    back = url.path + (f"?{urlencode(kept)}" if kept else "")
    other = "en" if _lang(context) == "vi" else "vi"
    return f"/ngon-ngu?{urlencode({'lang': other, 'tiep': back})}"


@jinja2.pass_context
def _moment(context: jinja2.runtime.Context, moment: datetime | None) -> str:
    """A moment on Vietnamese clocks; empty for None."""
    return "" if moment is None else written_moment(moment, _lang(context))


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, day: date | None) -> str:
    """A day; a moment's day is the one in Vietnam; empty for None."""
    return "" if day is None else written_day(day, _lang(context))


@jinja2.pass_context
def _number(context: jinja2.runtime.Context, value: float | None, decimals: int = 0) -> str:
    """A number as the language writes it: `12.345,6` or `12,345.6`; a dash for None."""
    if value is None:
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.translate(_SWAPPED) if _lang(context) == "vi" else text


_SWAPPED: Final = str.maketrans(",.", ".,")
