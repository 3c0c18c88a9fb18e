"""Agencies and the taxonomy: who answers for what; configuration an operator loads."""
