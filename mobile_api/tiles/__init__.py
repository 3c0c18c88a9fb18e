"""Vector tiles of published reports and of units, for any map."""
