"""Cầu Nối: the bridge between citizens and their government."""
