"""A province to look at, and browsers to look with."""

# fixtures are found by name in the conftest
from tests.citizen_app.conftest import browser, playwright  # noqa: F401
from tests.province import (  # noqa: F401
    module_town,
    province_settings,
    province_template,
    town,
)
