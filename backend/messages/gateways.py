"""Outgoing e-mail and SMS: one small interface, whatever carries them.

    gateways = open_gateways(settings)
    outcome = await gateways.mail.send(Mail(to=…, subject=…, text=…, reference="n-17"))
    settle(outcome)      # in a job's handler: raises Later or BadPayload, returns when handed over

A gateway hands one message over and answers with an Outcome; it raises nothing and never retries
by itself. Messages are sent by the worker, from jobs, never inside a transaction: the job's queue
brings retries, back-off and dead letters. A job may run twice for one message; its `reference`, the
same each time, becomes the Message-ID of a mail and the gateway's reference of an SMS, by which a
receiving system can tell the repeat.

Nothing of a message (address, number, words) is ever logged or put into an error.

Both default to the outbox: messages become files under `CAUNOI_VAR/outbox` (outbox.py).
"""

from dataclasses import dataclass
from typing import Final, Protocol

from backend.jobs.errors import BadPayload, Later
from backend.messages.letters import Outcome
from backend.messages.mail import SmtpMail
from backend.messages.outbox import OutboxMail, OutboxSms
from backend.messages.paper import Mail, Sms
from backend.messages.sms import HttpSms
from backend.settings import Settings

__all__ = ["Gateways", "Mail", "MailGateway", "Sms", "SmsGateway", "open_gateways", "settle"]

_DELAY_SECONDS: Final = 10.0
_LONGEST_DELAY_SECONDS: Final = 600.0


class MailGateway(Protocol):
    """Hands one e-mail over; raises nothing."""

    async def send(self, mail: Mail) -> Outcome: ...

    async def close(self) -> None: ...


class SmsGateway(Protocol):
    """Hands one text message over; raises nothing."""

    async def send(self, sms: Sms) -> Outcome: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Gateways:
    """What carries letters out of the house."""

    mail: MailGateway
    sms: SmsGateway

    async def close(self) -> None:
        """Let go of whatever is held open."""
        await self.mail.close()
        await self.sms.close()


def open_gateways(settings: Settings) -> Gateways:
    """The gateways that the settings ask for; connects to nothing yet."""
    outbox = settings.var_dir / "outbox"
    return Gateways(
        mail=SmtpMail(settings.smtp) if settings.smtp else OutboxMail(outbox),
        sms=HttpSms(settings.sms) if settings.sms else OutboxSms(outbox),
    )


def settle(outcome: Outcome) -> None:
    """What an outcome means for the job that sent: nothing, Later, or BadPayload for good."""
    if outcome.fate == "later":
        asked = outcome.retry_after_seconds or _DELAY_SECONDS
        raise Later(min(asked, _LONGEST_DELAY_SECONDS), outcome.error or "The gateway is busy.")
    if outcome.fate != "sent":
        raise BadPayload(en=f"The gateway refuses this message: {outcome.error}.")
