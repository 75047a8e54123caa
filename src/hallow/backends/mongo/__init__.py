"""Runs in MongoDB."""
