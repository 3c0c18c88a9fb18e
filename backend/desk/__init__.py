"""The officers' door: queue, case, moves; the API and the pages over it."""
