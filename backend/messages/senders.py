"""Which sender an installation uses."""

from backend.messages.console import ConsolePush
from backend.messages.firebase import FirebasePush
from backend.messages.letters import Push
from backend.settings import Settings


def open_push(settings: Settings) -> Push:
    """The sender that the settings ask for; connects to nothing yet."""
    if settings.push == "fcm":
        return FirebasePush(settings.fcm_credentials, settings.fcm_url)
    return ConsolePush()
