"""The citizens' door: report, follow, answer, rate; and the pages that do it without an app."""
