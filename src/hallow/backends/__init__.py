"""Stores, one folder each: names and encoding (``layout``), write side (``observer``)."""
