"""Consents: for which purposes people are asked, in which words, and what they said when."""
