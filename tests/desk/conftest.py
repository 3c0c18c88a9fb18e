"""The province whose desk these tests work at."""

# fixtures are found by name in the conftest
from tests.province import (  # noqa: F401
    module_town,
    province_settings,
    province_template,
    town,
)
