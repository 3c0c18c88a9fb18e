"""A citizen's own account: reports, data, consents; seen, corrected, taken along, deleted."""
