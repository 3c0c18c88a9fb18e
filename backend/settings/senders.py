"""How notices leave the house: push services, e-mail, text messages."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast
from urllib.parse import urlsplit

from backend.errors import SettingsError
from backend.settings.reading import choice, whole

Push = Literal["console", "fcm"]
SmtpSecurity = Literal["starttls", "tls", "none"]
# Push services of the browsers: Chrome, Edge and Samsung; Firefox; Safari; older Edge.
PUSH_SERVICES: Final = (
    *("fcm.googleapis.com", "jmt17.google.com", "updates.push.services.mozilla.com"),
    *("*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"),
)


@dataclass(frozen=True)
class SmtpSettings:
    """The server that takes our e-mail; `sender` is the address it comes from."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SmsSettings:
    """The HTTP gateway that takes our text messages; backend/messages/sms.py says how."""

    url: str
    token: str | None = field(default=None, repr=False)
    template: str = '{"to": "{{phone}}", "text": "{{text}}", "reference": "{{reference}}"}'
    accepted: str | None = None


def read_smtp(source: Mapping[str, str]) -> SmtpSettings | None:
    """The server that is named; None means files in the outbox."""
    host, user = source.get("CAUNOI_SMTP_HOST"), source.get("CAUNOI_SMTP_USER") or None
    security = choice(source, "SMTP_SECURITY", "starttls", ("starttls", "tls", "none"))
    port = whole(source, "SMTP_PORT", 465 if security == "tls" else 587, low=1, high=65535)
    password, sender = source.get("CAUNOI_SMTP_PASSWORD") or None, source.get("CAUNOI_MAIL_FROM")
    if not host:
        return None
    if not sender or not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", sender):
        raise SettingsError(
            "CAUNOI_SMTP_HOST cần CAUNOI_MAIL_FROM (địa chỉ thư gửi đi).",
            "CAUNOI_SMTP_HOST needs CAUNOI_MAIL_FROM (the address mail comes from).",
        )
    return SmtpSettings(host, port, cast(SmtpSecurity, security), sender, user, password)


def read_sms(source: Mapping[str, str]) -> SmsSettings | None:
    """The gateway that is named; None means files in the outbox."""
    url, token = source.get("CAUNOI_SMS_URL"), source.get("CAUNOI_SMS_TOKEN") or None
    template = source.get("CAUNOI_SMS_TEMPLATE") or SmsSettings.template
    accepted = source.get("CAUNOI_SMS_ACCEPTED") or None
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(
            "CAUNOI_SMS_URL phải là một địa chỉ http(s).", "CAUNOI_SMS_URL must be http(s)://…"
        )
    try:
        json.loads(template)
        holds = "{{text}}" in template and "{{phone" in template
    except ValueError:
        holds = False
    if not holds or (accepted is not None and "=" not in accepted):
        raise SettingsError(
            "CAUNOI_SMS_TEMPLATE phải là JSON có {{phone}} và {{text}}; CAUNOI_SMS_ACCEPTED có"
            " dạng đường.dẫn=giá-trị.",
            "CAUNOI_SMS_TEMPLATE must be JSON with {{phone}} and {{text}}; CAUNOI_SMS_ACCEPTED"
            " is path=value.",
        )
    return SmsSettings(url, token, template, accepted)
