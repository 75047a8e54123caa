"""Files in GridFS: sources and resources once for each content, artifacts for each run."""

from __future__ import annotations

import io
import logging
import os
from datetime import datetime, timezone
from hashlib import md5
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from hallow.backends.mongo.driver import reaching
from hallow.backends.mongo.values import to_bson
from hallow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hallow.backends.keeping import ArtifactFile, SourceFile
    from hallow.backends.mongo.database import Database

__all__ = ["ARTIFACTS", "Files", "GridFile", "artifact_filename"]

_log = logging.getLogger("hallow.store")

#: Bytes of a chunk, as GridFS has them by default, and of the chunks that are sent together.
_CHUNK, _TOGETHER = 255 * 1024, 8 << 20
_ARTIFACT = "artifact://"
#: What their names in GridFS match.
ARTIFACTS = f"^{_ARTIFACT}"
_DAMAGE = (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError)


def artifact_filename(collection: str, run_id: Any, name: str) -> str:
    """The ``filename`` of an artifact in GridFS."""
    return f"{_ARTIFACT}{collection}/{run_id}/{name}"


class Files:
    """Writes files.

    Args:
        database: the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Files of which chunks may be there from attempts that failed.
        self._incomplete: list[Any] = []

    # ------------------------------------------------------------------------------- sources and resources

    def keep_sources(self, sources: Sequence[SourceFile], base_dir: str) -> list[list[Any]]:
        """Keep source files; gives pairs of path and file id. All that are new are sent together.

        Args:
            sources: the files, and where they are to be read.
            base_dir: what their paths are relative to.
        """
        known = self._known(source.md5 for source in sources)
        new: list[tuple[dict[str, Any], bytes]] = []
        kept = []
        for source in sources:
            if source.md5 not in known:
                content = self._content(source.filename)
                if content is None:
                    continue
                # It may have changed since the experiment found it.
                digest = md5(content, usedforsecurity=False).hexdigest()
                document = _document(os.path.join(base_dir, source.path), {"md5": digest})
                known[source.md5] = document["_id"]
                new.append((document, content))
            kept.append([source.path, known[source.md5]])
        self._send(new)
        return kept

    def _known(self, digests: Iterable[str]) -> dict[str, Any]:
        """Ids of contents that are kept, by their MD5."""
        wanted = [digest for digest in dict.fromkeys(digests) if digest]
        if not wanted:
            return {}
        # Old versions of the driver gave artifacts an md5 as well; but those may be removed with their run.
        chosen = {"md5": {"$in": wanted}, "filename": {"$not": {"$regex": ARTIFACTS}}}
        return {file["md5"]: file["_id"] for file in self._database.files.find(chosen, {"md5": 1})}

    @staticmethod
    def _content(filename: str) -> bytes | None:
        try:
            with open(filename, "rb") as file:
                return file.read()
        except OSError as error:
            _log.warning("the source file %s cannot be kept: %s", filename, error.strerror or error)
            return None

    def _send(self, new: Iterable[tuple[dict[str, Any], bytes]]) -> None:
        files = []
        chunks: list[dict[str, Any]] = []
        size = 0
        for document, content in new:
            files.append({**document, "length": len(content)})
            for number, start in enumerate(range(0, len(content), _CHUNK)):
                chunks.append(_chunk(document["_id"], number, content[start : start + _CHUNK]))
                size += len(chunks[-1]["data"])
                if size >= _TOGETHER:
                    self._database.chunks.insert_many(chunks)
                    chunks, size = [], 0
        if chunks:
            self._database.chunks.insert_many(chunks)
        if files:
            self._database.files.insert_many(files)

    def keep_resource(self, filename: str, digest: str, place: str) -> None:
        """Keep a file, which is to be read from ``place``, unless its content is kept already."""
        if not self._known([digest]):
            self._upload(place, digest, _document(filename, {"md5": digest}))

    # ------------------------------------------------------------------------------------------- artifacts

    def keep_artifact(self, run_id: Any, artifact: ArtifactFile) -> Any:
        """Keep a file of a run; gives its id. A file that is there already is not sent again."""
        filename = artifact_filename(self._database.names.runs, run_id, artifact.name)
        there = self._database.files.find_one({"filename": filename, "hallow.md5": artifact.md5}, {"_id": 1})
        if there is not None:
            return there["_id"]
        fields = {
            "metadata": None if artifact.metadata is None else to_bson(artifact.metadata),
            "contentType": artifact.content_type,
            "hallow": {"md5": artifact.md5, "given": artifact.given, "path": artifact.filename},
        }
        return self._upload(artifact.filename, artifact.md5, _document(filename, fields))

    def _upload(self, filename: str, digest: str, document: dict[str, Any]) -> Any:
        """Send the content of a file and then, as GridFS has it, the document that says it is complete.

        Raises:
            StoreError: if the content is not that of the digest any more; whoever tries again may have a copy.
        """
        self._remove_incomplete()
        self._incomplete.append(document["_id"])
        with open(filename, "rb") as file:
            length, sent = self._send_chunks(document["_id"], file)
        if sent != digest:
            raise StoreError(f"the file {filename} was changed while it was being stored in {self._database.url}")
        self._database.files.insert_one({**document, "length": length})
        self._incomplete.clear()
        return document["_id"]

    def _remove_incomplete(self) -> None:
        """Remove what attempts that failed have left; of some, only the answer was lost."""
        if self._incomplete:
            complete = {one["_id"] for one in self._database.files.find({"_id": {"$in": self._incomplete}}, {"_id": 1})}
            left = [file_id for file_id in self._incomplete if file_id not in complete]
            self._database.chunks.delete_many({"files_id": {"$in": left}})
            self._incomplete.clear()

    def _send_chunks(self, file_id: Any, file: IO[bytes]) -> tuple[int, str]:
        """Send a content; gives its length and MD5."""
        number = length = 0
        digest = md5(usedforsecurity=False)
        while data := file.read(_TOGETHER // _CHUNK * _CHUNK):
            pieces = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
            self._database.chunks.insert_many(
                [_chunk(file_id, place, piece) for place, piece in enumerate(pieces, number)]
            )
            number += len(pieces)
            length += len(data)
            digest.update(data)
        return length, digest.hexdigest()

    def remove(self, ids: Iterable[Any]) -> None:
        """Remove files."""
        chosen = {"$in": list(ids)}
        if chosen["$in"]:
            self._database.files.delete_many({"_id": chosen})
            self._database.chunks.delete_many({"files_id": chosen})


def _document(filename: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    from bson import ObjectId

    now = datetime.now(timezone.utc)
    return {"_id": ObjectId(), "filename": to_bson(filename), "chunkSize": _CHUNK, "uploadDate": now, **fields}


def _chunk(file_id: Any, number: int, data: bytes) -> dict[str, Any]:
    return {"files_id": file_id, "n": number, "data": data}


class GridFile(io.RawIOBase):
    """A file in GridFS, opened for reading.

    Args:
        database: the store.
        file_id: its id; ``None`` if that is not known.
        name: what messages call it.

    Raises:
        FileNotFoundError: if it is not there, or not complete any more; also while it is read.
        StoreError: if the server cannot be reached; also while it is read.
    """

    def __init__(self, database: Database, file_id: Any, name: str) -> None:
        from gridfs import GridOut

        self._url = database.url
        self._name = name
        found = None
        if file_id is not None:
            with reaching(self._url):
                found = database.files.find_one({"_id": file_id})
        if found is None:
            raise FileNotFoundError(f"the content of {name} is not in the store")
        self._file = GridOut(database.root, file_document=found)

    @classmethod
    def opened(cls, database: Database, file_id: Any, name: str) -> BinaryIO:
        """The file, with a buffer."""
        return io.BufferedReader(cls(database, file_id, name), buffer_size=_CHUNK)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position; gives it."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 at the end."""
        from gridfs.errors import GridFSError

        with reaching(self._url):
            try:
                data = self._file.read(len(buffer))
            except (GridFSError, *_DAMAGE) as error:
                raise FileNotFoundError(f"the content of {self._name} is not complete in the store any more") from error
        buffer[: len(data)] = data
        return len(data)
