"""The migration chain: apart from our packages, polite to what runs, in one order."""

import ast
import re

import pytest

from tests.house.sources import PACKAGES, migrations, strings_of, text_of, tree_of


def test_migrations_never_import_our_packages() -> None:
    found = []
    for name in migrations():
        for node in ast.walk(tree_of(name)):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or "." * node.level]
            found += [f"{name}: {m}" for m in modules if m.split(".")[0] in (*PACKAGES, "")]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("name", migrations())
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_migration_gives_up_rather_than_hold_everybody(name: str, limit: str) -> None:
    text = "\n".join(found for _, found in strings_of(name))
    assert re.search(rf"SET LOCAL {limit} = '\d+(ms|s|min)'", text)


def test_the_order_of_the_files_is_the_order_of_the_chain() -> None:
    ids = [
        value
        for name in migrations()
        for found, value in re.findall(r'^(ID) = "([^"]+)"$', text_of(name), flags=re.MULTILINE)
    ]
    assert len(ids) == len(migrations())
    assert ids == sorted(set(ids))
