"""One run in an object store, read object by object, whatever state each of them is in."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.backends.objects.classic import points_of_classic
from hallow.backends.objects.layout import (
    OWN,
    STORE_MARKER,
    check_version,
    detail_name,
    detail_of,
    json_bytes,
    md5_in,
    parsed,
)
from hallow.backends.objects.lines import points_in, rows_in, without_first
from hallow.backends.objects.pieces import chain, read_pieces
from hallow.errors import RecordError
from hallow.records.contents import Contents
from hallow.records.record import RecordedFile
from hallow.stores.documents import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hallow.backends.objects.access import Objects
    from hallow.records.points import Points

__all__ = ["RunObjects", "noted_files"]

_DAMAGE = (ValueError, RecursionError)


class RunObjects(Contents):
    """The objects of one run.

    Args:
        objects: of the store.
        run: name of the run's "directory".
    """

    def __init__(self, objects: Objects, run: str) -> None:
        self._objects = objects
        self.run = run

    def name(self, part: str) -> str:
        """The object of a part of the run."""
        return f"{self.run}/{part}"

    # ---------------------------------------------------------------------------------------------- document

    def document(self, found: Mapping[str, bytes]) -> tuple[dict[str, Any], str]:
        """The JSON objects together, and what is wrong with them.

        Args:
            found: contents of objects, by name.
        """
        problems: list[str] = []
        entry = self._json("run.json", found, problems)
        document = dict(entry) if isinstance(entry, dict) else {}
        if entry is not None and not isinstance(entry, dict):
            problems.append(f"run.json holds a {type(entry).__name__}, not an object")
        document["config"] = self._json("config.json", found, problems)
        if self.name("info.json") in found:
            document["info"] = self._json("info.json", found, problems)
        return document, "; ".join(problems)

    def _json(self, part: str, found: Mapping[str, bytes], problems: list[str]) -> Any:
        content = found.get(self.name(part))
        if content is None:
            problems.append(f"there is no {part}")
            return None
        try:
            return parsed(content)
        except _DAMAGE as error:
            problems.append(f"{part} cannot be read: {type(error).__name__}: {error}")
            return None

    def marks(self, found: Mapping[str, bytes]) -> dict[str, Any]:
        """Those details that are among the contents of objects."""
        marks: dict[str, Any] = {}
        start = self.name(f"{OWN}/details/")
        for name, content in found.items():
            if name.startswith(start) and name.endswith(".json"):
                with suppress(*_DAMAGE):
                    marks[detail_of(name)] = parsed(content)
        return marks

    # ------------------------------------------------------------------------------------------------- files

    def files(self, document: Mapping[str, Any], rows: list[Any], listing: Mapping[str, int]) -> Files:
        """The files of the run.

        Args:
            document: of the run.
            rows: what hallow noted of them; nothing for a run that Sacred wrote.
            listing: the objects of such a run, to find the folders among its artifacts.
        """
        experiment = document.get("experiment")
        sources = experiment.get("sources") if isinstance(experiment, dict) else None
        resources = _union(document.get("resources"), [row["entry"] for row in _rows(rows, "resources")])
        facts = {row["entry"]: row for row in _rows(rows, "artifacts") if isinstance(row["entry"], str)}
        names = [name for name in _union(document.get("artifacts"), list(facts)) if isinstance(name, str)]
        return Files(
            [self._source(*pair) for pair in _pairs(sources)],
            [self._resource(*pair) for pair in _pairs(resources)],
            [file for name in names for file in self._artifacts(name, facts.get(name), listing)],
        )

    def _source(self, path: str, stored: str) -> RecordedFile:
        if md5_in(f"_{stored}") == stored:  # of a queued run of Sacred, the copies lie flat beside the document
            key = (self.name(posixpath.basename(path)),)
            return RecordedFile(path, md5=stored, key=key, contents=self)
        return RecordedFile(path, md5=md5_in(stored), key=self._shared("_sources", stored, stored), contents=self)

    def _resource(self, path: str, stored: str) -> RecordedFile:
        bucket = f"/{self._objects.bucket}/" if self._objects.has_buckets else "/"
        # The whole key; it is told relative to the root, because objects are named so.
        inside = posixpath.relpath(bucket + stored.lstrip("/"), "/" + self._objects.root.lstrip("/"))
        return RecordedFile(
            path, md5=md5_in(stored), path=path, key=self._shared("_resources", stored, inside), contents=self
        )

    def _shared(self, folder: str, stored: str, inside: str) -> tuple[str, ...]:
        """Where a content-addressed copy may be: where it says, or in the store's own folder if that was moved."""
        if md5_in(stored) is None:
            return ()  # whatever it is, it was not put there by an observer
        return tuple(dict.fromkeys((posixpath.normpath(inside), f"{folder}/{posixpath.basename(stored)}")))

    def _artifacts(
        self, name: str, fact: Mapping[str, Any] | None, listing: Mapping[str, int]
    ) -> Iterator[RecordedFile]:
        inside = posixpath.normpath(name)
        if inside.startswith(("..", "/")) or inside == ".":
            return  # a hostile name
        if fact is None:
            yield from self._folder(name, self.name(inside), listing)
            return
        yield RecordedFile(
            name,
            given=_text(fact.get("given")) or name,
            md5=_text(fact.get("md5")),
            metadata=fact["metadata"] if isinstance(fact.get("metadata"), dict) else None,
            content_type=_text(fact.get("content_type")),
            path=_text(fact.get("path")),
            key=(self.name(inside),),
            contents=self,
        )

    def _folder(self, name: str, key: str, listing: Mapping[str, int]) -> Iterator[RecordedFile]:
        """An artifact that Sacred stored, or the files in it."""
        below = sorted(other for other in listing if other.startswith(f"{key}/"))
        for other in below if key not in listing and below else (key,):
            inside = name + other[len(key) :]
            yield RecordedFile(inside, given=inside, key=(other,), contents=self)

    def open(self, file: RecordedFile) -> BinaryIO:
        """See :class:`~hallow.records.contents.Contents`, as for all that follow."""
        for name in file.key or ():
            with suppress(FileNotFoundError):
                return self._objects.open(name)
        stray = self._stray(file.key[-1]) if file.key and file.key[-1].startswith("_") else None
        if stray is None:
            raise FileNotFoundError(f"the content of {file.name} is not in the store")
        return self._objects.open(stray)

    def _stray(self, ending: str) -> str | None:
        """A source or resource among the objects of the run, where Sacred's S3Observer puts it by mistake."""
        return next((name for name in self._objects.below(self.run) if name.endswith(f"/{ending}")), None)

    # ----------------------------------------------------------------------------------------------- details

    def details(self) -> dict[str, Any]:
        """What stands beside the document."""
        return self.marks(self._objects.read_many(self._objects.below(self.name(f"{OWN}/details"))))

    def annotate(self, name: str, value: Any) -> None:
        """Replace one of the details."""
        check_version(self._objects.read_many([STORE_MARKER]).get(STORE_MARKER), self._objects.url)
        self._objects.write(self.name(detail_name(name)), json_bytes(value))

    # ------------------------------------------------------------------------------------------------ output

    def output_size(self) -> int:
        """Bytes of the output."""
        pieces, _ = chain(self._objects.below(self.name(f"{OWN}/output")))
        if pieces:
            return pieces[-1].end
        try:
            return self._objects.size(self.name("cout.txt"))
        except FileNotFoundError:
            return 0

    def read_output(self, start: int, stop: int) -> bytes:
        """A part of the output."""
        if stop <= start:
            return b""
        found = [
            content[known : stop - piece.start]
            for piece, known, content in read_pieces(self._objects, self.name(f"{OWN}/output"), start, stop)
        ]
        return b"".join(found) if found else self._classic_output()[start:stop]

    def _classic_output(self) -> bytes:
        return self._objects.read_many([self.name("cout.txt")]).get(self.name("cout.txt"), b"")

    # ----------------------------------------------------------------------------------------------- metrics

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        """Points as they were logged."""
        found = False
        for piece, known, content in read_pieces(self._objects, self.name(f"{OWN}/metrics")):
            found = True
            try:
                for points in without_first(points_in(content), known):
                    if wanted is None or wanted(points.name):
                        yield points
            except RecordError as error:
                raise RecordError(f"{piece.name} in {self._objects.url}: {error}") from None
        if not found:
            yield from (points for points in self._classic_points() if wanted is None or wanted(points.name))

    def _classic_points(self) -> list[Points]:
        name = self.name("metrics.json")
        content = self._objects.read_many([name]).get(name)
        try:
            return [] if content is None else points_of_classic(parsed(content))
        except (*_DAMAGE, TypeError) as error:
            raise RecordError(f"{name} in {self._objects.url} cannot be read: {error}") from None

    def count_points(self) -> int:
        """How many points there are."""
        pieces, _ = chain(self._objects.below(self.name(f"{OWN}/metrics")))
        return pieces[-1].end if pieces else super().count_points()


# ------------------------------------------------------------------------------------------------------ helpers


def noted_files(contents: Mapping[str, bytes]) -> list[Any]:
    """What hallow noted of the files of a run, by the contents of the pieces in order."""
    return [row for content in contents.values() for row in rows_in(content)]


def _rows(rows: list[Any], field: str) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict) and row.get("field") == field and "entry" in row]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _union(listed: Any, further: list[Any]) -> list[Any]:
    known = listed if isinstance(listed, list) else []
    return [*known, *(entry for entry in further if entry not in known)]


def _pairs(listed: Any) -> Iterator[tuple[str, str]]:
    """Path and place of files."""
    for pair in listed if isinstance(listed, list) else ():
        # A queued run of Sacred has them in the form of tuples.
        pair = pair.get("py/tuple") if isinstance(pair, dict) else pair
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair):
            yield pair[0], pair[1]
