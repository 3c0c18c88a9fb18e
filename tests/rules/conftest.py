"""How hard hypothesis tries: the same examples every time, or many fresh ones at night.

CAUNOI_HYPOTHESIS=nightly turns the second on; test_many_more_examples does it in ./test --nightly.
"""

import os

from hypothesis import HealthCheck, settings

# The machine is shared, so an example may be slow for no fault of the code: no deadline.
settings.register_profile(
    "quick",
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly",
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("CAUNOI_HYPOTHESIS", "quick"))
