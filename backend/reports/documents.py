"""Reading a document of rules, entry by entry: what is wrong is said with its place in it."""

from collections.abc import Mapping

from backend.reports.errors import BadRules


def read_mapping(value: object, where: str, known: frozenset[str]) -> Mapping[str, object]:
    """An object with no other entries than `known`; raises BadRules."""
    if not isinstance(value, Mapping):
        raise BadRules(where, "thiếu hoặc không phải là đối tượng", "must be an object")
    for key in value:
        if key not in known:
            raise BadRules(f"{where}.{key}", "không có mục này", "no such entry")
    return value


def read_list(value: object, where: str) -> list[object]:
    """A list; raises BadRules."""
    if not isinstance(value, list):
        raise BadRules(where, "phải là danh sách", "must be a list")
    return value


def read_text(value: object, where: str, *, longest: int = 200) -> str:
    """A text that is not empty; raises BadRules."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadRules(where, "thiếu hoặc quá dài", f"must be given, at most {longest} characters")
    return value


def read_version(document: Mapping[str, object]) -> int:
    """The document's version, from 1; raises BadRules."""
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadRules("version", "phải là số từ 1", "must be a number from 1")
    return version
