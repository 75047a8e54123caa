"""Runs in memory: for tests and for looking at runs of the same process."""
