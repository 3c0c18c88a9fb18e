"""Mapping files: what is wrong with one is said with its place."""

from pathlib import Path
from typing import Any

import pytest

from backend.reports.imports.errors import MappingRefused
from backend.reports.imports.mapping_file import mapping_from_document, read_mapping
from tests.imports.factories import a_document
from tests.shared_data import CHECKOUT


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": "Old Town"}, "name"),
        ({"name": None}, "mapping"),
        ({"nmae": "x"}, "mapping"),
        ({"code_prefix": "boston"}, "code_prefix"),
        ({"visibility": "secret"}, "visibility"),
        ({"as_of": "2020-01-01"}, "as_of"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"file__encoding": "utf-9"}, "file.encoding"),
        ({"file__delimiter": "||"}, "file.delimiter"),
        ({"time__zone": "Boston"}, "time.zone"),
        ({"time__zone": "../../etc/passwd"}, "time.zone"),
        ({"time__formats": []}, "time.formats"),
        ({"time__formats": ["yyyy-mm-dd"]}, "time.formats"),
        ({"time__ambiguous": "both"}, "time.ambiguous"),
        ({"time__opened": []}, "time.formats"),
        ({"status__words": {"Open": "overdue"}}, "status.words[...]"),
        ({"status__words": {"Open": "awaiting_citizen"}}, "status.words[...]"),
        ({"category__create": None}, "category"),
        ({"category__create__field": None}, "category.create"),
        ({"category__create__field_column": "kind"}, "category.create"),
        ({"category__create__prefix": "Old Town"}, "category.create.prefix"),
        ({"agency__create": None}, "agency"),
        ({"agency__create__kind": "Sở"}, "agency.create.kind"),
        ({"position__level": "ward"}, "position.level"),
        ({"position__on": "2019-13-01"}, "position.on"),
        ({"position__without_place": "centre"}, "position.without_place"),
        ({"position__outside": "unit:"}, "position.outside"),
        ({"flag": {"column": "late", "on_time": ["y"], "overdue": ["y"]}}, "flag"),
    ],
    ids=str,
)
def test_a_mapping_that_cannot_work_is_refused_at_its_place(
    changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(MappingRefused) as refused:
        mapping_from_document(a_document(**changes))
    assert refused.value.where == where


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe\x00", b"[file\n"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(content)
    with pytest.raises(MappingRefused):
        read_mapping(path)


def test_the_example_of_boston_is_a_mapping() -> None:
    mapping = read_mapping(CHECKOUT / "examples" / "import" / "boston.toml")
    assert mapping.time.rules.zone.key == "America/New_York"
    assert not set(mapping.columns) & set(mapping.file.ignore)
