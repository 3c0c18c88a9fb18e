"""From a code, and perhaps a secret, to a report's page; the secret never stands in an address."""

from typing import Any, Final

from litestar import Request, Response, post
from litestar.response import Redirect, Template

from backend.identifiers import normal_report_code
from backend.web.forms import read_form
from backend.web.limits import Limit
from backend.web.policies import ANYONE

_LOOK: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}


@post("/theo-doi", opt=_LOOK, include_in_schema=False, status_code=200)
async def find_report(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Lead on to the report's page, which checks the secret; back to the form without a code."""
    async with read_form(request) as form:
        typed, secret = (str(form.get(name) or "").strip() for name in ("ma", "secret"))
    code = normal_report_code(typed)
    if code is None:
        context = {"typed": typed[:40], "problem": None}
        return Template("citizen/track.html", context=context, status_code=422)
    # 307: the browser sends the same form there, the secret in its body (RFC 9110, 15.4.8)
    return Redirect(f"/theo-doi/{code}", status_code=307 if secret else 303)
