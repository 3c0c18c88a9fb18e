"""What a report's own reporter may see and change of it."""
