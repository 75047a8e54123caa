"""What ``importlib.metadata`` tells of Sacred while hallow stands in for it."""

from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from hallow.as_sacred import VERSION

__all__ = ["Facts"]


class Facts(Distribution):
    """Name and version; there are no files."""

    def read_text(self, filename: str) -> str | None:
        """The content of a metadata file."""
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: sacred\nVersion: {VERSION}\nSummary: hallow in its place\n"

    def locate_file(self, path: Any) -> Any:
        """Where a file of the distribution would be."""
        return Path(__file__).parent / str(path)
