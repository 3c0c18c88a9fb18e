"""Accounts: who may sign in, how it is proved, and the sessions that follow from it."""
