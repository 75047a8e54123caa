"""The folder of one run: its document, and what grows beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hallow.backends.tinydb.layout import LAYOUT, LISTS, MARKS, OWN, exported, from_json, name_of, to_json
from hallow.errors import RecordError
from hallow.records.appending import append, append_line, replace_tail
from hallow.records.jsonfile import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RunDocument", "RunFolder"]

#: Bytes of output in ``metadata.json``; of more, the end.
_EXCERPT = 1 << 20
_DAMAGE = (OSError, ValueError, RecursionError)


@dataclass
class RunDocument:
    """What is known of a run.

    Attributes:
        number: of the run in ``metadata.json``.
        run_id: its id.
        document: see :mod:`hallow.backends.tinydb.layout`.
        log: name of the file with further changes; ``None`` if there are none.
        problem: what of the changes cannot be read.
    """

    number: int
    run_id: Any
    document: dict[str, Any]
    log: str | None = None
    problem: str = ""


class RunFolder:
    """The folder of one run in ``.hallow/runs``.

    Args:
        root: folder of the store.
        name: of the folder, see :func:`~hallow.backends.tinydb.layout.name_of`.
    """

    def __init__(self, root: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(root, OWN, "runs", name)

    @classmethod
    def of(cls, root: str, run_id: Any) -> RunFolder:
        """The folder that a run of this id has or would have."""
        return cls(root, name_of(run_id))

    def file(self, name: str) -> str:
        """Path of a file in it."""
        return os.path.join(self.path, name)

    def has_document(self) -> bool:
        """Whether hallow recorded this run; otherwise there are only marks of a run of others."""
        return os.path.exists(self.file("document.json"))

    # ---------------------------------------------------------------------------------------------- document

    def create(self, run: RunDocument, marks: dict[str, Any]) -> None:
        """Make the folder, with everything in it from the first moment on.

        Raises:
            OSError: if that is not possible; nothing is left then.
        """
        parent = os.path.dirname(self.path)
        making = RunFolder("", f".new-{os.getpid()}-{os.urandom(4).hex()}")
        making.path = os.path.join(parent, making.name)
        with suppress(FileExistsError):
            os.mkdir(parent)
        os.mkdir(making.path)
        try:
            for name, data in (("marks.json", to_json(marks).encode("ascii")), ("document.json", _text(run))):
                with open(making.file(name), "wb") as file:
                    file.write(data)
            os.rename(making.path, self.path)
        except BaseException:
            making.remove()
            raise

    def write(self, run: RunDocument) -> int:
        """Replace the document; gives its size in bytes. Changes in an earlier log are in it already."""
        data = _text(run)
        replace_file(self.file("document.json"), data)
        for name in os.listdir(self.path):
            if name.startswith("changes-") and name != run.log:
                with suppress(OSError):
                    os.unlink(self.file(name))
        return len(data)

    def change(self, log: str, change: dict[str, Any]) -> int:
        """Note a change in the log that the document names; gives its size in bytes."""
        data = to_json(change).encode("ascii") + b"\n"
        append(self.file(log), data)
        return len(data)

    def read(self) -> RunDocument:
        """The document with all changes.

        Raises:
            FileNotFoundError: if there is none.
            OSError: if it cannot be read.
            ValueError: if it makes no sense.
            RecursionError: if it is nested too deeply.
        """
        run = self._stored()
        while run.log is not None:
            try:
                with open(self.file(run.log), "rb") as file:
                    lines = file.read()
            except FileNotFoundError:  # noqa: PERF203 - hardly ever a second round
                # There is no change yet, or a new document has them all.
                log, run = run.log, self._stored()
                if run.log == log:
                    break
            else:
                bad = _apply(run.document, lines)
                run.problem = f"{bad} lines of {run.log} cannot be read" if bad else ""
                break
        return run

    def _stored(self) -> RunDocument:
        with open(self.file("document.json"), "rb") as file:
            stored = from_json(file.read())
        if not isinstance(stored, dict) or not isinstance(stored.get("document"), dict):
            raise RecordError("document.json holds no document of a run")
        log, number = stored.get("log"), stored.get("number")
        if log is not None and (not isinstance(log, str) or os.path.basename(log) != log):
            raise RecordError(f"document.json names {log!r:.60}, which is no log of changes")
        if not isinstance(number, int):
            raise RecordError("document.json has no number")
        return RunDocument(number, stored.get("id"), stored["document"], log)

    def export(self, run: RunDocument) -> dict[str, Any]:
        """The document as ``metadata.json`` has it."""
        return exported(run.document, self.excerpt())

    def remove(self) -> None:
        """Remove the folder, as far as that is possible."""
        from shutil import rmtree

        rmtree(self.path, ignore_errors=True)

    # ----------------------------------------------------------------------------------------------- details

    def marks(self) -> dict[str, Any]:
        """The details that lists show; what cannot be read is none."""
        try:
            with open(self.file("marks.json"), "rb") as file:
                found = from_json(file.read())
        except _DAMAGE:
            return {}
        return found if isinstance(found, dict) else {}

    def details(self) -> dict[str, Any]:
        """All details; lines that cannot be read are left out."""
        found: dict[str, Any] = {}
        for line in _lines(self.file("details.jsonl")):
            found.update(line)
        return {**found, **self.marks()}

    def set_details(self, details: dict[str, Any]) -> None:
        """Replace details. Of several writers, only the one who has the lock of the store may set marks."""
        marks = {name: value for name, value in details.items() if name in MARKS}
        others = {name: value for name, value in details.items() if name not in MARKS}
        if others:
            append_line(self.file("details.jsonl"), to_json(others).encode("ascii"))
        if marks:
            replace_file(self.file("marks.json"), to_json({**self.marks(), **marks}).encode("ascii"))

    # ------------------------------------------------------------------------------------------------ output

    def write_output(self, position: int, data: bytes) -> None:
        """Replace everything after the first ``position`` bytes."""
        replace_tail(self.file("output.txt"), position, data)

    def output_size(self) -> int:
        """In bytes."""
        try:
            return os.path.getsize(self.file("output.txt"))
        except OSError:
            return 0

    def read_output(self, start: int, stop: int) -> bytes:
        """A part; fewer bytes where it ends.

        Raises:
            OSError: if it cannot be read.
        """
        try:
            with open(self.file("output.txt"), "rb") as file:
                file.seek(start)
                return file.read(max(0, stop - start))
        except FileNotFoundError:
            return b""

    def excerpt(self) -> str:
        """The output, or the end of a long one, with a line that says so."""
        size = self.output_size()
        start = max(0, size - _EXCERPT)
        text = self.read_output(start, size).decode("utf-8", "replace")
        if not start:
            return text
        return f"[... {start} bytes: see {OWN}/runs/{self.name}/output.txt ...]\n{text.lstrip(chr(0xFFFD))}"


def _text(run: RunDocument) -> bytes:
    """The content of ``document.json``."""
    whole = {"layout": LAYOUT, "number": run.number, "id": _plain_id(run.run_id), "log": run.log}
    return to_json({**whole, "document": run.document}).encode("ascii")


def _plain_id(run_id: Any) -> Any:
    return run_id if isinstance(run_id, int | str) else str(run_id)


def _lines(path: str) -> Iterator[dict[str, Any]]:
    """The lines of a file that are JSON objects."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return
    for line in filter(None, lines):
        try:
            found = from_json(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _apply(document: dict[str, Any], lines: bytes) -> int:
    """Carry out changes; gives the number of lines that make no sense. One that a kill has cut off is none."""
    known = {field: {to_json(entry) for entry in document.get(field) or ()} for field in LISTS}
    bad = 0
    for line in lines.split(b"\n")[:-1]:
        try:
            _carry_out(from_json(line), document, known)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # noqa: PERF203 - the others count
            bad += 1
    return bad


def _carry_out(change: dict[str, Any], document: dict[str, Any], known: dict[str, set[str]]) -> None:
    if "add" not in change:
        for key in change.get("removed") or ():
            document.pop(key, None)
        document.update(change.get("set") or {})
        return
    entry, text = change["entry"], to_json(change["entry"])
    seen = known[change["add"]]
    if text not in seen:  # the same change may be noted twice
        seen.add(text)
        document.setdefault(change["add"], []).append(entry)
