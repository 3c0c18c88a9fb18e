"""Identifiers people and machines use: UUIDv7, report codes, secrets."""

import base64
import hashlib
import hmac
import os
import re
import secrets
import time
import uuid
from typing import Final, NewType

AccountId = NewType("AccountId", uuid.UUID)
UnitCode = NewType("UnitCode", str)

# Crockford's base 32 without the letters and digits people mix up on a phone (0/O, 1/I/L, U/V).
CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTWXYZ"
CODE_PATTERN: Final = re.compile(rf"[A-Z]{{2,4}}-[{CODE_ALPHABET}]{{4}}-[{CODE_ALPHABET}]{{4}}")


_TYPED_MOST: Final = 20


def new_uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    rest = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | rest
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def new_report_code(prefix: str) -> str:
    """A code a person can read out, e.g. `QNG-7K3M-2F9A`: 29^8 = 5·10^11 possibilities."""
    # 128 random bits leave no digit measurably likelier than another
    number = int.from_bytes(os.urandom(16), "big")
    letters = ""
    for _ in range(8):
        number, index = divmod(number, 29)
        letters += CODE_ALPHABET[index]
    return f"{prefix}-{letters[:4]}-{letters[4:]}"


def normal_report_code(typed: str) -> str | None:
    """The code as it is written, from what a person typed (any case, dashes); None if none."""
    bare = re.sub(r"[^0-9A-Za-z]", "", typed).upper()
    code = f"{bare[:-8]}-{bare[-8:-4]}-{bare[-4:]}"
    return code if CODE_PATTERN.fullmatch(code) else None


def report_code_span(typed: str, prefix: str) -> tuple[str, str] | None:
    """The first and the last code that begin as typed, `prefix` before what has none; None if none.

    Needs three letters or digits after the prefix, or four where no digit tells them from a word:
    `7k3`, `7k3m-2f`, `qng 7k`. Codes all look alike, so every collation orders them alike.
    """
    if len(typed) > _TYPED_MOST or not typed.isascii():
        return None
    bare = re.sub(r"[^0-9A-Z]", "", typed.upper())
    rest = bare.removeprefix(prefix)
    least = 1 if bare != rest else 3 if any(letter.isdigit() for letter in rest) else 4
    if not least <= len(rest) <= 8 or set(rest) - set(CODE_ALPHABET):
        return None
    low, high = rest.ljust(8, CODE_ALPHABET[0]), rest.ljust(8, CODE_ALPHABET[-1])
    return f"{prefix}-{low[:4]}-{low[4:]}", f"{prefix}-{high[:4]}-{high[4:]}"


def tracking_secret(secret_key: bytes, report_id: uuid.UUID) -> str:
    """The reporter's secret for one report, derived so that a repeated submit gets it again.

    128 bits of HMAC-SHA-256 as 26 letters and digits (RFC 4648 base 32, which has no 0, 1, 8, 9 to
    be misread); the database keeps only its hash.
    """
    digest = hmac.digest(secret_key, b"tracking:" + report_id.bytes, "sha256")
    return base64.b32encode(digest[:16]).decode("ascii").rstrip("=")


def new_token() -> str:
    """A fresh bearer token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token or tracking secret: SHA-256, enough as the input is random."""
    return hashlib.sha256(token.encode()).digest()
