"""Lists of published reports: the newest that fit a filter, the nearest open ones."""
