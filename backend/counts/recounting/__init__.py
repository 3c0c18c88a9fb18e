"""Counting afresh: the same figures from the events alone, to check the rollups or rebuild them."""
