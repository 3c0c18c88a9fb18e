"""Settings: one frozen object, read once in the roof and passed down.

Each comes from the environment with the prefix `CAUNOI_`; an absent one means the embedded
default. README.md lists them all (tests/house checks that it does).
"""

from backend.settings.installation import Settings, read_settings
from backend.settings.provider import OidcSettings
from backend.settings.senders import PUSH_SERVICES, SmsSettings, SmtpSettings
from backend.settings.stores import S3Settings

__all__ = [
    "PUSH_SERVICES",
    "OidcSettings",
    "S3Settings",
    "Settings",
    "SmsSettings",
    "SmtpSettings",
    "read_settings",
]
