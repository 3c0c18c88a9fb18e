"""Twins: real local servers that stand for outside services, with faults on demand."""
