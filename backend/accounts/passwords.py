"""Passwords: hashed with Argon2id, compared in a thread, refused when they are easily guessed."""

import asyncio
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from backend.accounts.errors import WeakPassword
from backend.errors import FieldFault

LEAST_LENGTH: Final = 12
# Hashing is linear in length; nobody types more.
MOST_LENGTH: Final = 200

# OWASP's first choice for Argon2id (19 MiB, 2 passes, 1 lane): about 20 ms of one core.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A flood of sign-ins may not take all memory and cores: so many are checked at once per process.
_AT_ONCE: Final = 2

# What common passwords of twelve characters and more are made of: most of what a guesser's list
# holds at this length is one of these words with digits, signs, years or a repetition around it.
_COMMON: Final = frozenset((files("backend.accounts") / "common_words.txt").read_text().split())
_RUNS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb",
)
_LOOKALIKES: Final = str.maketrans("013457@$!", "oieastasi")


async def hash_password(password: str) -> str:
    """The Argon2id hash to store; see check_strength for what may be a password."""
    async with _slots():
        return await asyncio.to_thread(_HASHER.hash, _normal(password))


async def is_password(password: str, stored: str | None) -> bool:
    """Whether the password fits the stored hash; takes as long when there is none (None)."""
    async with _slots():
        return await asyncio.to_thread(_verify, password[: MOST_LENGTH + 1], stored)


def check_strength(password: str, *, username: str) -> None:
    """Raise WeakPassword, saying why, when this is too easily guessed (NIST SP 800-63B §3.1.1)."""
    plain = _bare(password)
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        _refuse(
            f"Mật khẩu phải có từ {LEAST_LENGTH} đến {MOST_LENGTH} ký tự.",
            f"The password must have {LEAST_LENGTH} to {MOST_LENGTH} characters.",
        )
    name = _bare(username)
    if len(name) >= 4 and name in plain:
        _refuse(
            "Mật khẩu không được chứa tên đăng nhập.",
            "The password must not contain the user name.",
        )
    if len(set(password.lower())) < 5 or _core(plain) in _COMMON or _is_run(plain):
        _refuse(
            "Mật khẩu này quá phổ biến, dễ bị đoán. Hãy dùng một câu dài của riêng bạn.",
            "This password is too common. Use a long phrase of your own.",
        )


def _verify(password: str, stored: str | None) -> bool:
    nobodys = _nobodys_hash()
    try:
        return _HASHER.verify(stored or nobodys, _normal(password)) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """What an unknown user's password is compared with, so that it takes the same time."""
    return _HASHER.hash("no account has this password")


def _normal(password: str) -> str:
    """One spelling for one text: phones and keyboards compose Vietnamese letters differently."""
    return unicodedata.normalize("NFC", password)


def _bare(text: str) -> str:
    """Letters without accents and case, digits and signs as they are."""
    spread = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def _core(plain: str) -> str:
    """What is left when decorations are taken off: `P@ssw0rd2024!!` → `password`."""
    stripped = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain)
    letters = re.sub(r"[^a-z]", "", stripped.translate(_LOOKALIKES))
    for size in range(3, len(letters) // 2 + 1):
        if letters == (letters[:size] * len(letters))[: len(letters)]:
            return letters[:size]
    return letters


def _is_run(plain: str) -> bool:
    """Only pieces of the alphabet, of counting or of the keyboard's rows, or one piece repeated."""
    letters = re.sub(r"[^a-z0-9]", "", plain)
    rest = letters
    while rest:
        piece = max((size for size in range(4, len(rest) + 1) if _is_piece(rest[:size])), default=0)
        if not piece:
            break
        rest = rest[piece:]
    return len(rest) < 4


def _is_piece(text: str) -> bool:
    return len(set(text)) == 1 or any(text in run or text in run[::-1] for run in _RUNS)


def _refuse(vi: str, en: str) -> None:
    raise WeakPassword(vi, en, faults=(FieldFault("password", vi, en),))


_slots_by_loop: dict[int, asyncio.Semaphore] = {}


def _slots() -> asyncio.Semaphore:
    """The semaphore of the running loop."""
    loop = id(asyncio.get_running_loop())
    return _slots_by_loop.setdefault(loop, asyncio.Semaphore(_AT_ONCE))
