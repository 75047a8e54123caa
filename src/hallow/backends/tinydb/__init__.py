"""Runs in a folder that TinyDB and Sacred's readers open as well."""
