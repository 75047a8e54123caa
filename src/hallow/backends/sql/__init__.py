"""Runs in an SQL database, by way of SQLAlchemy."""
