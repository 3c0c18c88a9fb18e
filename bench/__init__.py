"""Benchmarks: ratios measured in one run against a floor or a peer; see README.md beside this."""
