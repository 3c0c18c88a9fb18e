"""What the rules of the house are asked of: the files git knows, read and parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.shared_data import CHECKOUT

PACKAGES = ("backend", "mobile_api", "ioc_views", "moderation", "geo")


@cache
def tracked_files() -> tuple[str, ...]:
    """Paths inside the checkout of all files that git knows, or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    names = filter(None, listed.stdout.decode().split("\0"))
    return tuple(sorted(name for name in set(names) if (CHECKOUT / name).is_file()))


@cache
def text_of(name: str) -> str:
    """A tracked file's text; empty for one that is no text."""
    try:
        return (CHECKOUT / name).read_text()
    except UnicodeDecodeError:
        return ""


@cache
def tree_of(name: str) -> ast.Module:
    """The parsed Python file."""
    return ast.parse(text_of(name), filename=name)


def product_modules() -> list[str]:
    """The Python files of our packages."""
    return [name for name in tracked_files() if name.endswith(".py") and name.startswith(_ROOTS)]


def python_files() -> list[str]:
    """All Python files: packages, migrations, tests, benchmarks."""
    return [name for name in tracked_files() if name.endswith(".py")]


def migrations() -> list[str]:
    """The files of the migration chain, in its order."""
    return [
        name
        for name in tracked_files()
        if name.startswith("migrations/caunoi_") and name.endswith(".py")
    ]


def strings_of(name: str) -> Iterator[tuple[int, str]]:
    """Every string constant of a Python file with its line; docstrings are left out."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from () if id(node) in docstrings else ((node.lineno, node.value),)


def is_in_tests(name: str) -> bool:
    """Whether the file belongs to the tests."""
    return Path(name).parts[0] == "tests"


_ROOTS = tuple(f"{package}/" for package in PACKAGES)
