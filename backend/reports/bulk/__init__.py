"""Many whole cases at once, with their history: imports and the demo province."""
