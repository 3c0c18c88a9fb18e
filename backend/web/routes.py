"""The web kit's own routes; the doors bring theirs."""

from backend.web.health import healthz, metrics, readyz
from backend.web.openapi import openapi_json
from backend.web.serving import problem_page, problems_page, static
from backend.web.sign_in import (
    close_session,
    open_session,
    open_wall,
    renew_session,
    sign_in,
    sign_in_page,
    sign_out,
    switch_language,
)

ROUTES = [
    healthz,
    readyz,
    metrics,
    openapi_json,
    static,
    problems_page,
    problem_page,
    open_session,
    renew_session,
    close_session,
    sign_in_page,
    sign_in,
    sign_out,
    open_wall,
    switch_language,
]
