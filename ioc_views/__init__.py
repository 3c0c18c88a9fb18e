"""The leaders' door: figures counted live, and the pages and stream that show them."""
