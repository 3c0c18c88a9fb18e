"""Atom and RSS of published reports: of all, of a unit, of a category."""
