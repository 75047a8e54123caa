"""The files that a run document refers to."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.values import from_bson
from hallow.records.record import RecordedFile
from hallow.stores.documents import Files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hallow.records.contents import Contents

__all__ = ["artifacts_in", "files_of", "ids_of_files", "list_in", "resources_in", "sources_in"]


def list_in(document: Any, key: str) -> list[Any]:
    """The list under a key, empty if there is none."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, list) else []


def sources_in(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Path and file id of the sources."""
    yield from _pairs(list_in(document.get("experiment"), "sources"))


def resources_in(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Path and MD5 of the resources."""
    yield from _pairs(list_in(document, "resources"))


def artifacts_in(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name and file id of the artifacts."""
    for entry in list_in(document, "artifacts"):
        if isinstance(entry, dict) and isinstance(name := from_bson(entry.get("name")), str):
            yield name, _hashable(entry.get("file_id"))


def _pairs(listed: list[Any]) -> Iterator[tuple[str, Any]]:
    for pair in listed:
        if isinstance(pair, list) and len(pair) == 2 and isinstance(path := from_bson(pair[0]), str):
            yield path, _hashable(pair[1])


def _hashable(value: Any) -> Any:
    """An id, and nothing instead of what can be none."""
    return value if isinstance(value, Hashable) else None


def ids_of_files(document: Mapping[str, Any]) -> set[Any]:
    """Ids of sources and artifacts in GridFS."""
    pairs = (*sources_in(document), *artifacts_in(document))
    return {file_id for _, file_id in pairs if file_id is not None}


def files_of(document: Mapping[str, Any], found: Mapping[Any, Mapping[str, Any]], contents: Contents) -> Files:
    """The files of a run.

    Args:
        document: of the run, as the driver gives it.
        found: documents of GridFS by id.
        contents: what reads them.
    """
    return Files(
        [
            RecordedFile(
                path,
                md5=_text(found.get(key, {}), "md5"),
                path=_text(found.get(key, {}), "filename"),
                key=key,
                contents=contents,
            )
            for path, key in sources_in(document)
        ],
        [
            RecordedFile(path, md5=md5 if isinstance(md5, str) else None, path=path, contents=contents)
            for path, md5 in resources_in(document)
        ],
        [_artifact(name, key, found.get(key, {}), contents) for name, key in artifacts_in(document)],
    )


def _artifact(name: str, key: Any, file: Mapping[str, Any], contents: Contents) -> RecordedFile:
    facts = file.get("hallow")
    facts = facts if isinstance(facts, dict) else {}
    metadata = from_bson(file.get("metadata"))
    return RecordedFile(
        name,
        given=_text(facts, "given") or name,
        md5=_text(facts, "md5") or _text(file, "md5"),
        metadata=metadata if isinstance(metadata, dict) else None,
        content_type=_text(file, "contentType"),
        path=_text(facts, "path"),
        key=key,
        contents=contents,
    )


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = from_bson(document.get(key))
    return value if isinstance(value, str) else None
