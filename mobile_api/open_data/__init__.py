"""Open data: published reports as CSV and GeoJSON, and counts in which nobody can be found."""
