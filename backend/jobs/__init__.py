"""Jobs: work that follows from events, done at least once by any of several workers."""
