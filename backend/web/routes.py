"""The web kit's own routes; the doors bring theirs."""

from backend.web.health import healthz, metrics, readyz
from backend.web.openapi import openapi_json

ROUTES = [healthz, readyz, metrics, openapi_json]
