"""The words of a sign-in code, and the job that sends it."""

from typing import Final
from urllib.parse import urlsplit

from backend import clock
from backend.accounts.citizens import store
from backend.accounts.citizens.codes import LIFETIME, code_of, find_code_to_send
from backend.database import Database
from backend.messages.gateways import Gateways, Mail, Sms, settle
from backend.settings import Settings

_MINUTES: Final = int(LIFETIME.total_seconds() // 60)


async def send_sign_in_code(
    database: Database, gateways: Gateways, *, settings: Settings, payload: bytes
) -> None:
    """Send the code that the payload names, unless it is over; raises Later or BadPayload.

    Killed between sending and noting it, the job sends the same code again: it is still one code.
    """
    found = await find_code_to_send(database, payload)
    if found is None:
        return
    code, address = code_of(settings, found.id), found.address
    reference = f"code-{found.id}"
    if address.kind == "phone":
        text = sms_text(code, language=found.language, public_url=settings.public_url)
        outcome = await gateways.sms.send(Sms(address.value, text, reference))
    else:
        subject, text = mail_text(code, language=found.language)
        outcome = await gateways.mail.send(Mail(address.value, subject, text, reference))
    settle(outcome)
    await store.mark_sent(database.app, found.id, clock.now())


def sms_text(code: str, *, language: str, public_url: str) -> str:
    """One text message of 160 letters at most: without accents, it is one and not three.

    The last line lets a phone fill the code in on this site only (WICG origin-bound codes).
    """
    said = (
        f"Cau Noi: your sign-in code is {code}, valid for {_MINUTES} minutes. Tell it to nobody."
        if language == "en"
        else f"Cau Noi: ma dang nhap cua ban la {code}, co hieu luc {_MINUTES} phut."
        " Khong dua ma nay cho bat ky ai."
    )
    bound = f"\n\n@{urlsplit(public_url).hostname} #{code}"
    return said + bound if len(said + bound) <= 160 else said


def mail_text(code: str, *, language: str) -> tuple[str, str]:
    """Subject and words; the code stands in the words only, not where lock screens show it."""
    if language == "en":
        return (
            "Your sign-in code for Cầu Nối",
            f"Your sign-in code is {code}.\n\nIt is valid for {_MINUTES} minutes and works once."
            " Tell it to nobody: no official will ever ask for it.\n\n"
            "If you did not ask for a code, you need not do anything.\n",
        )
    return (
        "Mã đăng nhập Cầu Nối",
        f"Mã đăng nhập của bạn là {code}.\n\nMã có hiệu lực {_MINUTES} phút và chỉ dùng được một"
        " lần. Không đưa mã này cho bất kỳ ai: cán bộ không bao giờ hỏi mã của bạn.\n\n"
        "Nếu bạn không yêu cầu mã, bạn không cần làm gì.\n",
    )
