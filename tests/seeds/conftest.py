"""The fixtures of these tests."""

from __future__ import annotations

from seeds_running import alias, example, examples, printed, way

__all__ = ["alias", "example", "examples", "printed", "way"]
