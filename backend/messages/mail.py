"""E-mail by SMTP (RFC 5321), through aiosmtplib: one connection a message, TLS unless told not to.

What the server says decides: 2xx handed over; 4xx, no connection and no answer in time: later; 5xx
to the recipient's address: the address is gone; any other 5xx about the message: bad. A wrong
password or a server that cannot do TLS is the operator's to mend: later, and said in the log.
"""

import email.utils
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Final

import aiosmtplib
import structlog

from backend import clock
from backend.messages.letters import Fate, Outcome
from backend.messages.paper import Mail
from backend.settings import SmtpSettings

_TIMEOUT_SECONDS: Final = 15.0
# what is wrong with our own set-up is not mended within seconds
_OPERATORS_DELAY_SECONDS: Final = 120.0
_log = structlog.get_logger("caunoi.mail")


class _WholeHeader(UnstructuredHeader):
    """A header that stays on one line: mail programs read no encoded words in an address.

    Lines may have 998 characters (RFC 5322 §2.1.1).
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # BaseHeader's


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _WholeHeader)  # type: ignore[arg-type]  # takes mixins
_POLICY: Final = SMTP.clone(header_factory=_HEADERS)


class SmtpMail:
    """Hands e-mails to the server that the settings name."""

    def __init__(self, smtp: SmtpSettings) -> None:
        self._smtp = smtp

    async def send(self, mail: Mail) -> Outcome:
        """Hand one e-mail over; `wire_id` is its Message-ID."""
        try:
            message = compose(mail, sender=self._smtp.sender)
        except ValueError:
            return Outcome("bad", error="address-not-writable")
        try:
            await self._hand_over(message, mail.to)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            return _judge(max(codes, default=450), for_good="gone")
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPNotSupported) as error:
            _log.error("mail server refuses us", error=type(error).__name__)
            return Outcome("later", None, type(error).__name__, _OPERATORS_DELAY_SECONDS)
        except aiosmtplib.SMTPResponseException as error:
            if isinstance(error, aiosmtplib.SMTPSenderRefused):
                _log.error("mail server refuses our sender", code=error.code)
            return _judge(error.code, for_good="bad")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Outcome("later", error=type(error).__name__)
        except ValueError:
            return Outcome("bad", error="address-not-writable")
        return Outcome("sent", wire_id=str(message["Message-ID"]))

    async def close(self) -> None:
        return

    async def _hand_over(self, message: EmailMessage, to: str) -> None:
        smtp = self._smtp
        await aiosmtplib.send(
            message,
            sender=Address(addr_spec=smtp.sender).addr_spec,
            recipients=[to],
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.user,
            password=smtp.password,
            timeout=_TIMEOUT_SECONDS,
            use_tls=smtp.security == "tls",
            # True, not None: an answer without STARTTLS is refused, not sent in the clear
            start_tls=smtp.security == "starttls",
        )


def compose(mail: Mail, *, sender: str) -> EmailMessage:
    """The message as it goes over the wire; raises ValueError for what no header can hold."""
    message = EmailMessage(policy=_POLICY)
    domain = sender.rpartition("@")[2]
    message["From"] = Address("Cầu Nối", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = email.utils.format_datetime(clock.now())
    message["Message-ID"] = f"<{mail.reference}@{domain}>"
    # RFC 3834: no out-of-office answers, please
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # readable in an outbox, too, which base64 is not
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


def _judge(code: int, *, for_good: Fate) -> Outcome:
    return Outcome("later" if code < 500 else for_good, error=f"smtp-{code}")
