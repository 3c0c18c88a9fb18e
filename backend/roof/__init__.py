"""The roof: what starts, watches, stops, saves and restores a whole installation."""
