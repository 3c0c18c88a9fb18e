"""Personal details as they are written in a text: numbers and addresses that reach somebody; pure.

A rule of screening names what it looks for (`"details": ["phone"]`); how each is written stands
here, and for names in screening_names.py. House numbers, plates, amounts of money and positions
are written otherwise.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from backend.reports.disguises import without_invisible
from backend.reports.screening_names import find_name

_NO_MORE: Final = r"(?![\s.-]?[0-9])"
_ALONE: Final = r"(?<![\w.,/+-])"
# What makes a number an amount or a size, not an account.
_MEASURED: Final = (
    r"(?!\s*(?:đồng|đ\b|dong\b|vnđ|vnd|nghìn|ngàn|triệu|trieu\b|tỷ|tỉ|tr\b|k\b|m2|m²|lít|kwh))"
)

_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    # 0905 123 456, +84 905.123.456, (0255) 3822 123
    "phone": re.compile(
        _ALONE + r"(?:"
        r"(?:\(?\+84\)?[\s.-]?|84|0)[35789](?:[\s.-]?[0-9]){8}"
        r"|\(?(?:\+84[\s.-]?|0)2[0-9]{1,2}\)?(?:[\s.-]?[0-9]){7,8}"
        r")" + _NO_MORE + _MEASURED,
        re.IGNORECASE,
    ),
    # twelve digits that begin with the code of a province; nine after the name of the old card
    "citizen_id": re.compile(
        _ALONE + r"0[0-9]{2}(?:[\s.]?[0-9]{3}){3}" + _NO_MORE + _MEASURED + r"|"
        r"(?:cmnd|cmt|chứng minh(?: nhân dân)?|chung minh(?: nhan dan)?)"
        r"[^0-9\n]{0,20}[0-9]{3}(?:[\s.]?[0-9]{3}){2}" + _NO_MORE,
        re.IGNORECASE,
    ),
    "email": re.compile(
        r"(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}(?![\w@])",
        re.IGNORECASE,
    ),
    # only beside words for an account: 1903 4567 8910 11 alone may be anything
    "bank_account": re.compile(
        r"(?<!\w)(?:stk|số tk|so tk|số tài khoản|so tai khoan|tài khoản|tai khoan|account"
        r"|vietcombank|vcb|agribank|bidv|vietinbank|techcombank|sacombank|mb ?bank|vpbank|tpbank"
        r"|acb)"
        r"(?!\w)[^0-9\n]{0,40}?[0-9](?:[ -]?[0-9]){7,18}(?![.,]?[0-9])" + _MEASURED,
        re.IGNORECASE,
    ),
}


DETAILS: Final[Mapping[str, Callable[[str], object]]] = {
    **{name: pattern.search for name, pattern in _PATTERNS.items()},
    "person_name": find_name,
}


def find_details(text: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these details a text has; their names only, never what was written."""
    shown = without_invisible(text)
    return tuple(name for name in wanted if DETAILS[name](shown))
