"""Addresses by which a citizen proves who they are: telephone numbers and e-mail, in one form each.

One person's address must always become the same text, or they would find a second account.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from backend.accounts.errors import AddressRefused
from backend.errors import FieldFault

AddressKind: TypeAlias = Literal["phone", "email"]

_LONGEST: Final = 254
# RFC 5321's dot-string and a host name; quoted local parts and address literals are no person's.
_EMAIL: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


@dataclass(frozen=True)
class Address:
    """A telephone number in E.164 form, or an e-mail address in small letters."""

    kind: AddressKind
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Enough to know it by, not enough to use it: `+84 ••• ••• 678`, `n•••@example.vn`."""
        if self.kind == "phone":
            return f"{self.value[:3]} ••• ••• {self.value[-3:]}"
        local, _, domain = self.value.partition("@")
        return f"{local[0]}•••@{domain}"


def read_address(typed: str, *, countries: Collection[str]) -> Address:
    """The address somebody typed, of either kind; raises AddressRefused."""
    return read_email(typed) if "@" in typed else read_phone(typed, countries=countries)


def read_phone(typed: str, *, countries: Collection[str]) -> Address:
    """A number that can receive text messages, in one of these countries (ISO 3166, `VN`).

    Read as Vietnamese unless it says otherwise. Numbers of other countries and those that cost
    whoever calls them are refused: sending to them is how text messages are turned into money.
    """
    import phonenumbers  # 30 MB of metadata that most web processes never need
    from phonenumbers import PhoneNumberType

    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", typed)[:40], "VN")
    except phonenumbers.NumberParseException:
        raise _no_phone() from None
    mobile = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if (
        not phonenumbers.is_valid_number(number)
        or number.extension
        or phonenumbers.number_type(number) not in mobile
        or phonenumbers.region_code_for_number(number) not in countries
    ):
        raise _no_phone()
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Address("phone", value)


def read_email(typed: str) -> Address:
    """An e-mail address; the domain of another script in its ASCII form (IDNA)."""
    local, _, domain = typed.strip().lower().rpartition("@")
    try:
        value = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise _no_email() from None
    if len(value) > _LONGEST or not _EMAIL.fullmatch(value):
        raise _no_email()
    return Address("email", value)


def _no_phone() -> AddressRefused:
    vi = "Cần số điện thoại di động Việt Nam, ví dụ 0912 345 678."
    en = "A Vietnamese mobile number is needed, such as 0912 345 678."
    return AddressRefused(vi, en, faults=(FieldFault("phone", vi, en),))


def _no_email() -> AddressRefused:
    vi, en = "Địa chỉ thư điện tử không đúng.", "This is not an e-mail address."
    return AddressRefused(vi, en, faults=(FieldFault("email", vi, en),))
