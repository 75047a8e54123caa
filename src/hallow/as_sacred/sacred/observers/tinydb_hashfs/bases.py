"""What opens a TinyDB store directly."""

from __future__ import annotations

from hallow.backends.tinydb.database import get_db_file_manager
from hallow.backends.tinydb.serializers import (
    DataFrameSerializer,
    DateTimeSerializer,
    FileSerializer,
    NdArraySerializer,
    SeriesSerializer,
)

__all__ = [
    "DataFrameSerializer",
    "DateTimeSerializer",
    "FileSerializer",
    "NdArraySerializer",
    "SeriesSerializer",
    "get_db_file_manager",
]
