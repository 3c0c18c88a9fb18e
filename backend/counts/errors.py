"""What the figures cannot answer, and why.

Unprocessable (backend.errors)
├── FilterRefused         a filter that names nothing: an unknown unit, category, agency or range
└── BoundariesImpossible  figures that cannot be carried onto the boundaries asked for
"""

from backend.errors import FieldFault, Unprocessable


class FilterRefused(Unprocessable):
    """A filter names what does not exist; `faults` says which one."""

    kind = "filter-refused"
    vi = "Bộ lọc chưa hợp lệ."
    en = "A filter cannot be used as it is."

    @classmethod
    def of(cls, field: str, vi: str, en: str) -> "FilterRefused":
        """The refusal of one filter."""
        return cls(faults=(FieldFault(field, vi, en),))


class BoundariesImpossible(Unprocessable):
    """Some units in the range have no known counterpart among the boundaries asked for."""

    kind = "boundaries-impossible"
    vi = "Không thể quy đổi số liệu sang địa giới của ngày này."
    en = "The figures cannot be carried onto the boundaries of that day."
