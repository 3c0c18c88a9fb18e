"""CSV files as the world writes them: every row comes out, readable or with its trouble."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.reports.imports.errors import ImportFileRefused
from backend.reports.imports.reading import CELL_MAX_CHARACTERS, Row, open_sheet

Read = Callable[..., list[Row]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write these bytes into a file and read them as a sheet."""

    def write_and_read(content: bytes, **form: str) -> list[Row]:
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        with open_sheet(path, **{"encoding": "utf-8", "delimiter": ",", "quote": '"', **form}) as s:
            assert s.columns == ("id", "words")
            return list(s.rows)

    return write_and_read


@pytest.mark.parametrize(
    "content",
    [
        b"id,words\n1,a\n2,b\n",
        b"id,words\r\n1,a\r\n2,b\r\n",
        b"id,words\r1,a\r2,b",
        b"\xef\xbb\xbfid,words\n1,a\n2,b",
        b'"id","words"\n"1","a"\n\n2,b\n\n',
        gzip.compress(b"id,words\n1,a\n2,b\n"),
    ],
    ids=["unix", "windows", "old mac", "byte order mark", "quotes and blank lines", "gzip"],
)
def test_the_same_rows_come_out_of_any_form_of_the_file(read: Read, content: bytes) -> None:
    assert [list(row.cells) for row in read(content)] == [["1", "a"], ["2", "b"]]


def test_other_encodings_and_delimiters_are_read_as_the_mapping_says(read: Read) -> None:
    wide = "id;words\n1;Nghĩa\n".encode("utf-16")
    assert read(wide, encoding="utf-16", delimiter=";")[0].cells == ["1", "Nghĩa"]
    assert read(b"id|words\n1|'a|b'\n", delimiter="|", quote="'")[0].cells == ["1", "a|b"]


def test_a_row_knows_the_line_on_which_it_begins(read: Read) -> None:
    rows = read(b'id,words\n1,"two\nlines"\n2,b\n\n3,c\n')
    assert [row.line for row in rows] == [2, 4, 6]
    assert rows[0].cells[1] == "two\nlines"


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        (b"1", "has 1 cells where the header has 2"),
        (b"1,a,b", "has 3 cells where the header has 2"),
        (b"1,a\x00b", "holds a NUL character"),
        (b"1,caf\xe9", "is not in the encoding the mapping names"),
    ],
)
def test_one_broken_row_leaves_the_others_whole(read: Read, line: bytes, trouble: str) -> None:
    rows = read(b"id,words\n0,x\n" + line + b"\n2,b\n")
    assert [row.trouble for row in rows] == [None, trouble, None]


def test_a_quote_left_open_is_named_with_the_lines_it_took(read: Read) -> None:
    lines = b"".join(b"%d,b\n" % number for number in range(3, 40_003))
    rows = read(b'id,words\n1,a\n2,"open\n' + lines)
    assert rows[1].trouble
    assert "lines 3 to " in rows[1].trouble
    assert "quote left open" in rows[1].trouble
    # what follows the longest cell is read again, to the last line
    assert rows[-1].cells == ["40002", "b"]
    assert rows[-1].trouble is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_encoding_as_a_whole_is_refused(read: Read, encoding: str) -> None:
    with pytest.raises(ImportFileRefused):
        read(b"id,words\n1,a\n2", encoding=encoding)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"id,id\n1,2\n", b"id,wo\x00rds\n", gzip.compress(b"id,words\n1,a\n" * 9)[:-9]],
    ids=["empty", "blank", "named twice", "NUL in a name", "cut archive"],
)
def test_a_file_without_a_usable_header_or_end_is_refused(read: Read, content: bytes) -> None:
    with pytest.raises(ImportFileRefused):
        read(content)


def test_a_damaged_archive_is_refused(read: Read) -> None:
    content = bytearray(gzip.compress(b"id,words\n" + b"1,a\n" * 5_000, mtime=0))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ImportFileRefused):
        read(bytes(content))


def test_a_bomb_of_one_endless_line_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"id,words\n" + b"x" * 64_000_000))
    tracemalloc.start()
    try:
        with open_sheet(path, encoding="utf-8", delimiter=",", quote='"') as sheet:
            troubles = [row.trouble for row in sheet.rows]
            _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(troubles)
    assert str(CELL_MAX_CHARACTERS) in str(troubles[0])
    assert peak_bytes < 20_000_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(body=st.binary(max_size=400))
def test_no_bytes_whatever_break_the_reader(read: Read, body: bytes) -> None:
    for row in read(b"id,words\n" + body):
        assert row.trouble or len(row.cells) == 2
