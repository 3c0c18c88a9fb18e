"""What stops an import as a whole; a single wrong row never does (it is counted and listed).

CaunoiError
└── Refused
    └── Unprocessable
        ├── MappingRefused      the mapping file is wrong, or does not fit the file or the database
        └── ImportFileRefused   the CSV cannot be read at all: damaged, empty, unknown encoding
"""

from backend.errors import Unprocessable


class MappingRefused(Unprocessable):
    """The mapping cannot be used; `where` is the place in it, such as `time.zone`."""

    kind = "mapping-refused"

    def __init__(self, where: str, *, vi: str, en: str) -> None:
        self.where = where
        super().__init__(f"Tệp ánh xạ, {where}: {vi}.", f"Mapping, {where}: {en}.")


class ImportFileRefused(Unprocessable):
    """The file cannot be read; nothing of it was stored."""

    kind = "import-file-refused"
