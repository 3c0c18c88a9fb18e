"""One-time codes of an authenticator app: TOTP (RFC 6238), six digits, thirty seconds, SHA-1.

SHA-1, six digits and thirty seconds are what every authenticator app supports; the HMAC does not
rest on SHA-1's resistance to collisions.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

_STEP_SECONDS: Final = 30
# A phone's clock may be half a minute off, either way.
_STEPS_OFF: Final = 1


def new_secret() -> str:
    """A fresh secret: 160 bits (RFC 4226 §4 R6) in base 32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def enrolment_uri(secret: str, username: str) -> str:
    """What an authenticator app reads from a QR code."""
    label = quote(f"Cầu Nối:{username}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': 'Cầu Nối'})}"


def code_at(secret: str, step: int) -> str:
    """The six digits of one time step (RFC 4226 §5.3)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step to which this code belongs; None when it is not valid now.

    The caller must see to it that a step is accepted once only (RFC 6238 §5.2).
    """
    typed = "".join(code.split())
    present = int(now.timestamp()) // _STEP_SECONDS
    found = None
    try:
        for step in range(max(0, present - _STEPS_OFF), present + _STEPS_OFF + 1):
            if hmac.compare_digest(code_at(secret, step).encode(), typed.encode()):
                found = step
    except binascii.Error:
        return None
    return found
