"""Audit: proof that nothing in the event log was changed, removed or put in later."""
