"""Loading, replacing, activating and removing generations of units."""
