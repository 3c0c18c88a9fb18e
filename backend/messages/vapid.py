"""Who we are to push services: the VAPID key and the tokens it signs (RFC 8292).

Browsers bind their subscription to the key: with another one every subscription is dead. So it is
the installation's own, made at its first start (backend/roof/installation.py) and kept whatever
becomes of the secret key; CAUNOI_VAPID_KEY puts another in its place.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.errors import SettingsError
from backend.settings import Settings

# RFC 8292 §2: at most 24 hours ahead; half of it forgives wrong clocks
_TOKEN_HOURS: Final = 12
_RENEWED_MINUTES: Final = 60
# the order of P-256's group (FIPS 186-4 D.1.2.3)
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Vapid:
    """Signs for push services; a token serves one origin for an hour."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, subject: str) -> None:
        self._key, self._subject = key, subject
        self._tokens: dict[str, tuple[datetime, str]] = {}

    @property
    def public_key(self) -> str:
        """What a browser subscribes with (`applicationServerKey`), in base64url."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _encode(point)

    def authorization(self, origin: str, *, now: datetime) -> str:
        """The Authorization header for a push service at this origin (RFC 8292 §3)."""
        made, token = self._tokens.get(origin, (now - timedelta(days=1), ""))
        if now - made > timedelta(minutes=_RENEWED_MINUTES):
            expires = int((now + timedelta(hours=_TOKEN_HOURS)).timestamp())
            claims = {"aud": origin, "exp": expires, "sub": self._subject}
            token = jwt.encode(claims, self._key, algorithm="ES256")
            if len(self._tokens) > 100:
                self._tokens.clear()
            self._tokens[origin] = (now, token)
        return f"vapid t={token}, k={self.public_key}"


def open_vapid(settings: Settings) -> Vapid:
    """The installation's own; raises SettingsError for a key that is none."""
    return Vapid(_key_of(settings), settings.vapid_subject or _subject(settings.public_url))


def make_key() -> str:
    """A new P-256 key: its 32 bytes in base64url."""
    return _encode_number(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value)


def derive_key(secret_key: bytes) -> str:
    """The key that follows from a secret key: what installations had before they kept their own."""
    # 16 bytes more than needed: no number is measurably likelier than another
    kdf = HKDF(SHA256(), 48, salt=None, info=b"caunoi vapid p-256")
    return _encode_number(int.from_bytes(kdf.derive(secret_key), "big") % (_ORDER - 1) + 1)


def _key_of(settings: Settings) -> ec.EllipticCurvePrivateKey:
    text = settings.vapid_key or derive_key(settings.secret_key)
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if len(raw) != 32:
            raise ValueError("a P-256 key has 32 bytes")
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except (ValueError, binascii.Error) as error:
        raise SettingsError(
            "CAUNOI_VAPID_KEY phải là khóa riêng P-256 gồm 32 byte, mã hóa base64url.",
            "CAUNOI_VAPID_KEY must be a P-256 private key: 32 bytes in base64url.",
        ) from error


def _subject(public_url: str) -> str:
    """RFC 8292 §2.1: a contact; Apple refuses anything but https: and mailto:."""
    parts = urlsplit(public_url)
    return public_url if parts.scheme == "https" else f"mailto:webmaster@{parts.hostname}"


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes(32, "big"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
