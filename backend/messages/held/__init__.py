"""Held notices: what waits for an hour, an answer or a mail server, and goes out as one."""
