"""Reading the figures: rollups and what is not folded yet, in one statement and one snapshot."""
