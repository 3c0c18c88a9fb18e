"""Rules about how the code is written (see docs and the README: where to change what)."""

import ast
import re
from pathlib import Path

from tests.house.sources import (
    is_in_tests,
    product_modules,
    python_files,
    strings_of,
    text_of,
    tracked_files,
    tree_of,
)

_EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "manager",
    "service",
    "services",
} | {
    "base",
    "data",
    "info",
    "misc",
}
_CEREMONY = re.compile(r"(Manager|Service|Helper|Repository|Factory|Impl|Singleton)$")
_MAX_LINES = 400
# tables of cases may be longer than what they test
_MAX_TEST_LINES = 600
_HAND_WRITTEN = (".py", ".css", ".js", ".html", ".sh", ".toml", ".sql")

# A statement, not a sentence that happens to hold one of the words.
_SQL = re.compile(
    r"\b(SELECT\b[\s\S]+\bFROM|INSERT\s+INTO|UPDATE\s+\w+[\s\S]*\bSET|DELETE\s+FROM"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|VIEW|FUNCTION|ROLE|SCHEMA|EXTENSION|TRIGGER)"
    r"|TRUNCATE\s+\w+|WITH\s+\w+\s+AS\s*\(|SET\s+LOCAL)\b"
)
# backend/database.py: the migrations' own table and lock, and the connections' session
_SQL_PLACES = re.compile(r"(^|/)(store|tiles)\.py$|/store/|^backend/database\.py$")


def test_no_module_is_named_after_nothing() -> None:
    found = [
        name
        for name in python_files()
        if _EMPTY_NAMES & {part.removesuffix(".py") for part in Path(name).parts}
    ]
    assert not found, "\n".join(["", *found])


def test_no_class_is_named_after_ceremony() -> None:
    found = [
        f"{name}: {node.name}"
        for name in product_modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.ClassDef)
        and _CEREMONY.search(node.name)
        # a private one adapts a library's class of that name
        and not node.name.startswith("_")
    ]
    assert not found, "\n".join(["", *found])


def test_no_hand_written_file_is_longer_than_four_hundred_lines() -> None:
    # migrations are left out: one is a text of DDL that is written once and never edited
    found = {
        name: lines
        for name in tracked_files()
        if name.endswith(_HAND_WRITTEN) and not name.startswith(("migrations/", "web/"))
        if (lines := text_of(name).count("\n"))
        > (_MAX_TEST_LINES if is_in_tests(name) else _MAX_LINES)
    }
    assert not found, f"\n{found}"


def test_the_application_is_wiring_of_less_than_eighty_lines() -> None:
    assert text_of("backend/app.py").count("\n") < 80


def test_sql_is_written_in_stores_tiles_and_migrations_only() -> None:
    found = [
        f"{name}:{line}: {' '.join(text.split())[:60]}"
        for name in product_modules()
        if not _SQL_PLACES.search(name)
        for line, text in strings_of(name)
        if _SQL.search(text)
    ]
    assert not found, "\n".join(["", *found])


def test_the_wall_clock_is_read_in_one_place() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in product_modules()
        # geo imports nothing of ours; its commands ask for the present day themselves
        if name not in ("backend/clock.py", "geo/commands.py")
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert not found, "\n".join(["", *found])


def test_no_error_is_passed_over_in_silence() -> None:
    found = []
    for name in python_files():
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or all(isinstance(step, ast.Pass) for step in node.body)
            ):
                found.append(f"{name}:{node.lineno}: {ast.unparse(node)!r}")
            if isinstance(node, ast.Call) and re.search(
                r"suppress\((.*, )?(Base)?Exception\b", ast.unparse(node)
            ):
                found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    assert not found, "\n".join(["", *found])


def test_whoever_catches_everything_says_why() -> None:
    found = []
    for name in product_modules():
        lines = text_of(name).splitlines()
        for node in ast.walk(tree_of(name)):
            if not isinstance(node, ast.ExceptHandler) or node.type is None:
                continue
            if ast.unparse(node.type) not in ("Exception", "BaseException"):
                continue
            said = "".join(lines[node.lineno - 2 : node.lineno + 1])
            reraises = any(isinstance(step, ast.Raise) for step in ast.walk(node))
            if "#" not in said and not reraises:
                found.append(f"{name}:{node.lineno}")
    assert not found, "\n".join(["", *found])


def test_each_silenced_check_carries_its_reason() -> None:
    silenced = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>.*)$")
    found = []
    for name in product_modules():
        lines = ["", *text_of(name).splitlines()]
        for number, line in enumerate(lines):
            hit = silenced.search(line)
            if hit is None:
                continue
            reason = re.sub(r"\[[^]]*\]|:|\b[A-Z]+\d+\b|,|#", "", hit["rest"]).strip()
            if not reason and not lines[number - 1].strip().startswith("#"):
                found.append(f"{name}:{number}: {line.strip()[:70]}")
    assert not found, "\n".join(["", *found])


def test_nothing_is_left_to_be_done_without_a_place_where_it_is_tracked() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b(?!\(#\d+\))")
    found = [
        f"{name}:{number}"
        for name in tracked_files()
        if name.endswith(_HAND_WRITTEN)
        for number, line in enumerate(text_of(name).splitlines(), 1)
        if marks.search(line)
    ]
    assert not found, "\n".join(["", *found])


def test_rules_are_pure() -> None:
    """The pure rules of reports and calendars neither await, nor read a clock, nor know SQL."""
    pure = [
        name
        for name in product_modules()
        if re.search(r"(reports/(lifecycle|routing|promises|screening)|calendars/)", name)
        and not name.endswith(("store.py", "commands.py"))
    ]
    assert pure
    found = [
        f"{name}:{node.lineno}"
        for name in pure
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
        or (isinstance(node, ast.ImportFrom) and node.module in ("asyncpg", "backend.database"))
    ]
    assert not found, "\n".join(["", *found])


def test_every_test_is_named_by_a_sentence() -> None:
    found = [
        f"{name}: {node.name}"
        for name in python_files()
        if is_in_tests(name)
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name.split("_")) < 4
    ]
    assert not found, "\n".join(["", *found])


def test_no_test_replaces_our_own_code() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in python_files()
        if is_in_tests(name)
        for node in ast.walk(tree_of(name))
        if (isinstance(node, ast.ImportFrom) and node.module in ("unittest.mock", "mock"))
        or (isinstance(node, ast.Import) and any(a.name.endswith("mock") for a in node.names))
    ]
    assert not found, "\n".join(["", *found])


def test_every_module_function_and_class_of_the_interface_has_a_docstring() -> None:
    found = []
    for name in product_modules():
        if name.endswith("/__init__.py") and not text_of(name).strip():
            continue
        tree = tree_of(name)
        if ast.get_docstring(tree) is None:
            found.append(name)
    assert not found, "\n".join(["", *found])
