"""The citizens' public map and the page on which a report is followed."""
