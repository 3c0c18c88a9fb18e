"""Notices as e-mails: both languages, plain text and simple HTML, a link and a way to stop them.

Nothing of a report but its code in the link, and nothing at all in the subject: subjects stand on
lock screens and in logs of mail servers.
"""

import asyncio
import html
from collections.abc import Sequence
from typing import Final

from backend.messages.choices.mailboxes import unsubscribe_token
from backend.messages.gateways import MailGateway
from backend.messages.letters import Letter, Outcome
from backend.messages.paper import Mail
from backend.messages.wording import TITLE, Words

UNSUBSCRIBE_PATH: Final = "/ngung-thu"
# so that a lane's job with such letters ends in time, whatever the server does
_TIMEOUT_SECONDS: Final = 25.0

_SUBJECT: Final = Words(f"{TITLE}: bạn có thông báo mới", f"{TITLE}: you have a new notice")
_GREETING: Final = Words("Xin chào,", "Hello,")
_LOOK: Final = Words("Xem chi tiết", "See more")
_WHY: Final = Words(
    "Bạn nhận thư này vì đã để lại địa chỉ thư điện tử và đồng ý nhận thông báo."
    " Đây là thư tự động, vui lòng không trả lời.",
    "You receive this because you left your e-mail address and agreed to notices."
    " It was sent automatically; please do not reply.",
)
_STOP: Final = Words("Ngừng nhận thư thông báo", "Stop these e-mails")


class MailPush:
    """Writes letters as e-mails and hands them to the gateway, all at the same time."""

    def __init__(self, gateway: MailGateway, *, public_url: str, secret_key: bytes) -> None:
        self._gateway, self._public_url, self._secret_key = gateway, public_url, secret_key

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        return list(await asyncio.gather(*(self._send(one) for one in letters)))

    async def close(self) -> None:
        """The gateway is its opener's to close."""

    async def _send(self, letter: Letter) -> Outcome:
        token = unsubscribe_token(self._secret_key, letter.mailbox)
        mail = write_mail(
            letter,
            link=self._public_url + letter.link,
            stop=f"{self._public_url}{UNSUBSCRIBE_PATH}/{token}",
        )
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await self._gateway.send(mail)
        except TimeoutError:
            return Outcome("later", error="too-slow")


def write_mail(letter: Letter, *, link: str, stop: str) -> Mail:
    """The e-mail; `letter.body` in the reader's language comes first, `letter.also` after it."""
    first = "en" if letter.language == "en" else "vi"
    parts = [(first, letter.body), ("en" if first == "vi" else "vi", letter.also)]
    text = "\n\n-- \n\n".join(
        f"{_GREETING.in_language(language)}\n\n{body}\n\n"
        f"{_LOOK.in_language(language)}: {link}\n\n{_WHY.in_language(language)}\n"
        f"{_STOP.in_language(language)}: {stop}\n"
        for language, body in parts
    )
    blocks = "<hr>".join(
        f'<div lang="{language}"><p>{_GREETING.in_language(language)}</p>'
        f"<p><strong>{html.escape(body)}</strong></p>"
        f'<p><a href="{html.escape(link)}">{_LOOK.in_language(language)}</a></p>'
        f"<p><small>{_WHY.in_language(language)}<br>"
        f'<a href="{html.escape(stop)}">{_STOP.in_language(language)}</a></small></p></div>'
        for language, body in parts
    )
    subject = _SUBJECT.in_language(first)
    return Mail(
        to=letter.device_value,
        subject=subject,
        text=text,
        html=(
            f'<!doctype html><html lang="{first}"><head><meta charset="utf-8">'
            f"<title>{subject}</title></head>"
            f'<body style="font-family:sans-serif;max-width:36em">{blocks}</body></html>'
        ),
        reference=f"notice-{letter.notification_id}",
        unsubscribe_url=stop,
    )
