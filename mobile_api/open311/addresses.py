"""A place from words, as far as an honest answer goes: the commune that an address names. Pure.

There is no register of streets to look an address up in. What can be known is the commune; the
report is then placed at its label point, with the commune's radius as the accuracy.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from backend.errors import FieldFault, Malformed
from geo.units import UnitRow


def place_of_unit(units: Sequence[UnitRow], code: str) -> dict[str, Any]:
    """The middle of the commune with this code, which is our address_id; raises Malformed."""
    for row in units:
        if row.unit.code == code:
            return _middle(row)
    raise _fault(
        "address_id",
        "Phải là mã của một xã, phường, đặc khu đang có hiệu lực.",
        "Must be the code of a commune of today.",
    )


def place_of_address(units: Sequence[UnitRow], address: str) -> dict[str, Any]:
    """The middle of the one commune that the address names; raises Malformed if not just one."""
    for fold in (_folded, _without_marks):
        words = fold(address)
        found = [row for row in units if _names(words, fold(row.unit.name))]
        # xã Sơn Tây stands in "xã Sơn Tây Thượng" too: the longer name is meant
        found = [
            row
            for row in found
            if not any(
                other is not row and fold(row.unit.name) in fold(other.unit.name) for other in found
            )
        ]
        if not found:
            parts = [part.strip() for part in re.split(r"[,;\n]", words)]
            found = [row for row in units if fold(_short(row.unit.name)) in parts]
        if len(found) == 1:
            return _middle(found[0])
        if found:
            break
    raise _fault(
        "address_string",
        "Không xác định được xã, phường từ địa chỉ này; hãy gửi lat và long.",
        "No single commune is named in it; send lat and long.",
    )


def _names(words: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words) is not None


def _short(name: str) -> str:
    """`Phường Cẩm Thành` → `Cẩm Thành`; the two words of `Đặc khu` as well."""
    kind, _, rest = name.partition(" ")
    return rest.partition(" ")[2] if kind.lower() == "đặc" else rest


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFD", _folded(text).replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _middle(row: UnitRow) -> dict[str, Any]:
    radius = (row.area_km2 * 1e6 / 3.14159) ** 0.5
    return {
        "lon": row.label_point.x,
        "lat": row.label_point.y,
        "accuracy_metres": round(radius),
    }


def _fault(field: str, vi: str, en: str) -> Malformed:
    return Malformed(faults=(FieldFault(field, vi, en),))
