"""Choices: which events somebody is told of, and by which channel."""
