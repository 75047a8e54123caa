"""Files that a run hands to a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ArtifactFile", "SourceFile"]


@dataclass(frozen=True)
class SourceFile:
    """A source file to be kept.

    Attributes:
        path: relative to the experiment's folder.
        filename: absolute path.
        md5: as it was when the experiment found it.
    """

    path: str
    filename: str
    md5: str


@dataclass(frozen=True)
class ArtifactFile:
    """An artifact to be kept.

    Attributes:
        name: in the record, unique within the run.
        given: the name that the run gave it.
        filename: absolute path.
        md5: of the content.
        metadata: what the user says of it; JSON values.
        content_type: such as ``"image/png"``, or ``None``.
    """

    name: str
    given: str
    filename: str
    md5: str
    metadata: dict[str, Any] | None
    content_type: str | None
