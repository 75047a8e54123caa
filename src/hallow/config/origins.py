"""Where a value of the configuration comes from."""

from __future__ import annotations

import os
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """What gave an entry its value.

    Attributes:
        kind: ``"scope"``, ``"dict"``, ``"file"``, ``"named config"``, ``"hook"``, ``"update"``, ``"command line"``,
            ``"seed"`` or ``"ingredient"``.
        file: the source or config file, if there is one.
        line: line in the file, counted from 1.
        name: name of the scope, hook, named config or ingredient.
        before: what the sources had said where this origin won over them.
        before_at: where they had said it; ``None`` if nothing was replaced.
    """

    kind: str
    file: str | None = None
    line: int | None = None
    name: str = ""
    before: Any = None
    before_at: Origin | None = None

    def describe(self) -> str:
        """One line for people, like ``exp.py:12 (scope cfg)``."""
        what = f"{self.kind} {self.name}".strip()
        if self.file is None:
            return what
        if self.line is None:
            return f"{what} {self.file}"
        return f"{os.path.basename(self.file)}:{self.line} ({what})"
