"""Reading a mapping file, and refusing one that cannot work."""

import re
import tomllib
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from backend.reports.imports.errors import MappingRefused
from backend.reports.imports.mapping import Mapping, column_list

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,60}")
_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_CODE_PREFIX: Final = re.compile(r"[A-Z]{2,4}")
_STRPTIME: Final = re.compile(r"%[a-zA-Z%]")
_MOST_FORMATS: Final = 20


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; raises MappingRefused naming the first wrong entry."""
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingRefused(path.name, vi=f"không đọc được ({error})", en=f"{error}") from error
    return mapping_from_document(document)


def mapping_from_document(document: object) -> Mapping:
    """Check what a mapping file holds; raises MappingRefused naming the first wrong entry."""
    try:
        mapping = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "mapping"
        raise MappingRefused(place, vi=what, en=what) from error
    _check_forms(mapping)
    _check_time(mapping)
    _check_moments(mapping)
    _check_choices(mapping)
    return mapping


def _check_forms(mapping: Mapping) -> None:
    category = mapping.category.create
    agency = mapping.agency.create if mapping.agency else None
    forms: list[tuple[str, re.Pattern[str], str | None]] = [
        ("name", _NAME, mapping.name),
        ("code_prefix", _CODE_PREFIX, mapping.code_prefix),
        ("category.create.prefix", _PREFIX, category.prefix if category else None),
        ("agency.create.prefix", _PREFIX, agency.prefix if agency else None),
        ("agency.create.kind", _NAME, agency.kind if agency else None),
        ("agency.create.parent.code", _CODE, agency.parent.code if agency else None),
        ("agency.create.parent.kind", _NAME, agency.parent.kind if agency else None),
    ]
    for where, form, text in forms:
        if text is not None and not form.fullmatch(text):
            raise MappingRefused(
                where, vi=f"không có dạng {form.pattern}", en=f"must look like {form.pattern}"
            )
    if len(mapping.file.delimiter) != 1 or len(mapping.file.quote) != 1:
        raise MappingRefused("file.delimiter", vi="phải là một ký tự", en="must be one character")
    try:
        "a".encode(mapping.file.encoding)
    except LookupError as error:
        raise MappingRefused("file.encoding", vi="không có bảng mã này", en=f"{error}") from error


def _check_time(mapping: Mapping) -> None:
    wanted = mapping.time
    try:
        ZoneInfo(wanted.zone)
    except (KeyError, ValueError, OSError) as error:
        # a name that is not there is a KeyError, one that leads out of the folder a ValueError
        raise MappingRefused("time.zone", vi="không có múi giờ này", en="no such zone") from error
    if not 0 < len(wanted.formats) <= _MOST_FORMATS or not column_list(wanted.opened):
        raise MappingRefused("time.formats", vi="thiếu", en="needs formats and a column `opened`")
    for text in wanted.formats:
        if text not in ("iso", "unix") and not _STRPTIME.search(text):
            raise MappingRefused(
                "time.formats",
                vi=f"{text!r} không phải là định dạng",
                en=f"{text!r} is neither `iso`, `unix` nor a format such as %Y-%m-%d %H:%M",
            )


def _check_moments(mapping: Mapping) -> None:
    try:
        is_aware = mapping.state_of is None or mapping.state_of.tzinfo is not None
    except ValueError:
        is_aware = False
    if not is_aware:
        raise MappingRefused(
            "as_of",
            vi='phải có dạng "2020-01-01T00:00:00-05:00"',
            en='must look like "2020-01-01T00:00:00-05:00", with an offset',
        )
    try:
        _ = mapping.position.on_date
    except ValueError as error:
        raise MappingRefused(
            "position.on",
            vi='phải là "opened" hoặc một ngày như "2025-07-01"',
            en='must be "opened" or a date such as "2025-07-01"',
        ) from error


def _check_choices(mapping: Mapping) -> None:
    category, agency, position = mapping.category, mapping.agency, mapping.position
    if not category.words and category.create is None:
        raise MappingRefused("category", vi="thiếu words hoặc create", en="needs words or create")
    if category.create and (category.create.field is None) == (
        category.create.field_column is None
    ):
        raise MappingRefused(
            "category.create",
            vi="cần đúng một trong hai: field, field_column",
            en="needs either field or field_column",
        )
    if agency and not agency.words and agency.create is None:
        raise MappingRefused("agency", vi="thiếu words hoặc create", en="needs words or create")
    for where, choice in (("without_place", position.without_place), ("outside", position.outside)):
        if choice != "skip" and not re.fullmatch(r"unit:\S+", choice):
            raise MappingRefused(
                f"position.{where}",
                vi='phải là "skip" hoặc "unit:<mã>"',
                en='must be "skip" or "unit:<code>"',
            )
    if mapping.flag and set(mapping.flag.on_time) & set(mapping.flag.overdue):
        raise MappingRefused("flag", vi="một từ ở cả hai bên", en="a word stands on both sides")
