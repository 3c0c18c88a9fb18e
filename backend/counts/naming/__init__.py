"""From the words people filter by (codes of units, fields, agencies) to the keys of the rollups."""
