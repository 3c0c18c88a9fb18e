"""What people's words in a map's address stand for, shared by tiles, features and feeds."""

from backend.reports.rulebook import Rulebook


def category_codes(rulebook: Rulebook, category: str | None) -> tuple[str, ...] | None:
    """A sub-field's own code, or those of all sub-fields of a field; () for an unknown one.

    None stays None: any category.
    """
    if category is None:
        return None
    return tuple(
        sorted(
            entry.code
            for entry in rulebook.categories.values()
            if category in (entry.code, entry.field_code)
        )
    )
