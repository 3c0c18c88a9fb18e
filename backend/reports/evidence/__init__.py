"""Photos as a report's moves see them: evidence of the work, and what strangers may look at."""
