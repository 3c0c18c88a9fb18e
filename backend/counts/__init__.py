"""Counts: what leaders see, kept as sums of small deltas and never counted afresh."""
