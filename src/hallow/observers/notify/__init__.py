"""Observers that send messages about runs, and keep no record of them."""
