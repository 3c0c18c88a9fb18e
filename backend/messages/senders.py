"""Which senders an installation uses, each for its kinds of address."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from backend.messages.console import ConsolePush
from backend.messages.firebase import FirebasePush
from backend.messages.gateways import MailGateway
from backend.messages.letterhead import MailPush
from backend.messages.letters import Letter, Outcome, Push
from backend.messages.subscriptions import PushServices
from backend.messages.vapid import open_vapid
from backend.messages.webpush import WebPush
from backend.settings import Settings


class Senders:
    """Hands each letter to the sender for its kind of address; they work at the same time."""

    def __init__(self, firebase: Push, browsers: Push) -> None:
        self._by_kind: Final[Mapping[str, Push]] = {
            "fid": firebase,
            "token": firebase,
            "webpush": browsers,
        }
        self._all: Final = (firebase, browsers)

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}

        async def hand_over(sender: Push) -> None:
            numbers = [
                number
                for number, one in enumerate(letters)
                if self._by_kind[one.device_kind] is sender
            ]
            if numbers:
                given = await sender.send([letters[number] for number in numbers])
                outcomes.update(zip(numbers, given, strict=True))

        await asyncio.gather(*(hand_over(sender) for sender in self._all))
        return [outcomes[number] for number in range(len(letters))]

    async def close(self) -> None:
        for sender in self._all:
            await sender.close()


def push_services(settings: Settings) -> PushServices:
    """The push services that browsers may name."""
    return PushServices(
        tuple(host.lower() for host in settings.web_push_services), settings.web_push_loopback
    )


def open_push(settings: Settings) -> Push:
    """The senders that the settings ask for; connects to nothing yet."""
    firebase: Push = ConsolePush()
    if settings.push == "fcm":
        firebase = FirebasePush(settings.fcm_credentials, settings.fcm_url)
    return Senders(firebase, WebPush(open_vapid(settings), push_services(settings)))


def open_mail(settings: Settings, gateway: MailGateway) -> Push:
    """What writes notices as e-mails and hands them to the gateway."""
    return MailPush(gateway, public_url=settings.public_url, secret_key=settings.secret_key)
