"""Open311 GeoReport v2: the citizens' door for programs that were written for other cities."""
