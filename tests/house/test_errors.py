"""Each package's errors stand in one file, drawn as a tree in its docstring."""

import ast
from pathlib import Path

from tests.house.sources import product_modules, tree_of

# what HTTP itself refuses (405, 413, 415 …) is no error of a package
_HTTP_TABLE = "backend/web/problems.py"
# a module of the ground names its one error in its docstring
_GROUND = "backend/database.py"


def _error_classes() -> dict[str, list[tuple[str, str]]]:
    """Names of all classes below CaunoiError by file, with the file's docstring; by name alone."""
    defined = {
        (name, node.name): [ast.unparse(parent).split(".")[-1] for parent in node.bases]
        for name in product_modules()
        for node in tree_of(name).body
        if isinstance(node, ast.ClassDef)
    }
    known = {"CaunoiError"}
    grows = True
    while grows:
        more = {class_name for (_, class_name), parents in defined.items() if known & set(parents)}
        grows = not more <= known
        known |= more
    found: dict[str, list[tuple[str, str]]] = {}
    for (name, class_name), parents in defined.items():
        if known & set(parents):
            docstring = ast.get_docstring(tree_of(name)) or ""
            found.setdefault(name, []).append((class_name, docstring))
    return found


def test_errors_of_a_package_are_defined_in_its_errors_module() -> None:
    found = [
        name
        for name in _error_classes()
        if Path(name).name != "errors.py" and name not in (_HTTP_TABLE, _GROUND)
    ]
    assert not found, "\n".join(["", *found])


def test_every_error_stands_in_the_tree_of_its_modules_docstring() -> None:
    found = [
        f"{name}: {class_name}"
        for name, classes in _error_classes().items()
        if name != _HTTP_TABLE
        for class_name, docstring in classes
        if class_name not in docstring
    ]
    assert not found, "\n".join(["", *found])
