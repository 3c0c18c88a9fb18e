"""How one report stands in a file: fields with their meaning, CSV that no spreadsheet runs.

Each record is one line, in CSV too (RFC 4180 would allow several): so a file can be read through
and a line left out without knowing what is in it. Line breaks of people's words become spaces.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from backend.reports.rulebook import Rulebook

_ENCODER: Final = msgspec.json.Encoder()
# OWASP, CSV Injection: what a spreadsheet takes for a formula, the full-width signs included.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GEOJSON_HEAD: Final = b'{"type":"FeatureCollection","features":[\n'
FEATURE_HEAD: Final = b'{"type":"Feature","id":"'
GEOJSON_TAIL: Final = b"\n]}\n"


@dataclass(frozen=True)
class Field:
    """One column: its name and what it means."""

    name: str
    vi: str
    en: str


FIELDS: Final = (
    Field("code", "Mã phản ánh", "The report's code"),
    Field("category", "Mã lĩnh vực", "Category code"),
    Field("category_name", "Tên lĩnh vực", "Category"),
    Field("unit", "Mã đơn vị hành chính cấp xã", "Code of the commune"),
    Field("unit_name", "Tên đơn vị hành chính", "The commune"),
    Field("status", "Trạng thái", "Stage"),
    Field("agency", "Mã cơ quan xử lý", "Code of the agency in charge"),
    Field("agency_name", "Cơ quan xử lý", "The agency in charge"),
    Field("lon", "Kinh độ, WGS 84 (độ)", "Longitude, WGS 84 (degrees)"),
    Field("lat", "Vĩ độ, WGS 84 (độ)", "Latitude, WGS 84 (degrees)"),
    Field(
        "is_coarse",
        "Vị trí là điểm nhãn của xã, phường, vì lĩnh vực nhạy cảm",
        "The place is the commune's label point, as the category is sensitive",
    ),
    Field("received_at", "Lúc tiếp nhận (UTC)", "Moment of receipt (UTC)"),
    Field("accepted_at", "Lúc cơ quan nhận xử lý (UTC)", "Moment of acceptance (UTC)"),
    Field("resolved_at", "Lúc có kết quả (UTC)", "Moment of the answer (UTC)"),
    Field("closed_at", "Lúc kết thúc (UTC)", "Moment of closing (UTC)"),
    Field("resolve_by", "Hạn xử lý (UTC)", "Promised by (UTC)"),
    Field("is_overdue", "Đang quá hạn", "Overdue now"),
    Field("reopened", "Số lần mở lại", "Times reopened"),
    Field("rating", "Đánh giá của người phản ánh, 1–4", "The reporter's rating, 1–4"),
    Field("supporters", "Số người cùng gặp", "People who met the same"),
    Field("text", "Nội dung đã công khai", "The published words"),
)
COUNT_FIELDS: Final = (
    Field("unit", "Mã đơn vị; * là các đơn vị còn lại", "Unit code; * the remaining units"),
    Field("unit_name", "Tên đơn vị", "The unit"),
    Field("field", "Mã lĩnh vực cấp một; * là còn lại", "Field code; * the remaining fields"),
    Field("field_name", "Tên lĩnh vực", "The field"),
    Field(
        "reports",
        "Số phản ánh công khai; trống: dưới ngưỡng, hoặc bị ẩn để không suy ra được ô khác",
        "Published reports; empty: too few, or left out so that no other cell follows from it",
    ),
)


def values_of(row: Mapping[str, Any], rulebook: Rulebook) -> list[Any]:
    """The values of FIELDS, in their order."""
    category = rulebook.categories.get(row["category_code"])
    agency = rulebook.agencies.get(row["agency_code"] or "")
    return [
        row["code"],
        row["category_code"],
        category.name_vi if category else None,
        row["unit_code"],
        row["unit_name"],
        row["status"],
        row["agency_code"],
        agency.name_vi if agency else None,
        round(row["lon"], 7),
        round(row["lat"], 7),
        row["is_coarse"],
        row["created_at"],
        row["accepted_at"],
        row["resolved_at"],
        row["closed_at"],
        row["resolve_by"],
        row["is_overdue"],
        row["reopened"],
        row["rating"],
        row["supporters"],
        " ".join(row["text"].split()),
    ]


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Records as RFC 4180 wants them: commas, CRLF, quotes where needed, UTF-8 without a mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case str():
            words = " ".join(value.splitlines())
            return f"'{words}" if value.startswith(_FORMULA_STARTS) else words
        case _:
            return str(value)


def feature_line(values: Sequence[Any]) -> bytes:
    """One report as a GeoJSON feature on a line of its own, without a comma behind it."""
    named = dict(zip((field.name for field in FIELDS), values, strict=True))
    place = [named.pop("lon"), named.pop("lat")]
    return _ENCODER.encode(
        {
            "type": "Feature",
            "id": named["code"],
            "geometry": {"type": "Point", "coordinates": place},
            "properties": named,
        }
    )
