"""Text, images, tables and histograms that a run logs: each becomes a small file that is kept as an artifact.

The name of the artifact is ``<kind>s/<name>/<step>``, and its metadata are ``{"kind", "name", "step"}``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from json import dumps
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.errors import LogValueError
from hallow.running.scalars import described, is_number, plain_scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Media", "MediaFile", "artifact_name", "histogram_file", "image_file", "table_file", "text_file"]


class MediaFile(NamedTuple):
    """What is stored of a logged value.

    Attributes:
        content: of the file.
        extension: of its name, with the dot.
        content_type: its MIME type.
        metadata: ``{"kind": "text" | "image" | "table" | "histogram", "name": ..., "step": ...}``.
    """

    content: bytes
    extension: str
    content_type: str
    metadata: dict[str, Any]


def text_file(name: str, text: str, step: Any = None) -> MediaFile:
    """The file for ``text``, in UTF-8.

    Raises:
        LogValueError: if it is no text.
    """
    metadata = _metadata("text", name, step)
    if not isinstance(text, str):
        raise LogValueError(f"the text {name!r} must be a str, not {described(text)}; convert it, such as str(value)")
    # Halves of surrogate pairs (file names that are no UTF-8) cannot be written otherwise.
    return MediaFile(text.encode("utf-8", "backslashreplace"), ".txt", "text/plain; charset=utf-8", metadata)


def image_file(name: str, image: Any, step: Any = None) -> MediaFile:
    """The file for an image; see :func:`hallow.running.pixels.encoded`.

    Raises:
        LogValueError: if it is none.
    """
    from hallow.running.pixels import encoded

    metadata = _metadata("image", name, step)
    return MediaFile(*encoded(name, image), metadata)


def table_file(name: str, table: Any, step: Any = None, header: Sequence[Any] | None = None) -> MediaFile:
    """The file for a table: ``{"columns": [...], "rows": [[...]]}``.

    Args:
        name: of the table.
        table: a list of dicts, a dict of columns, a list of rows with ``header``, or a data frame.
        step: is recorded with it.
        header: the names of the columns, for a list of rows.

    Raises:
        LogValueError: if it is none of these, or the columns or rows differ in length.
    """
    from hallow.records.encoding import flatten
    from hallow.running.tabular import columns_and_rows

    metadata = _metadata("table", name, step)
    columns, rows = columns_and_rows(name, table, header)
    return _json_file({"columns": columns, "rows": flatten(rows, path=name)}, metadata)


def histogram_file(name: str, values: Any, step: Any = None, bins: int = 64) -> MediaFile:
    """The file for the distribution of ``values``; see :func:`hallow.running.histogram.histogram`.

    Raises:
        LogValueError: if they are no numbers, or ``bins`` is no positive whole number.
    """
    from hallow.running.histogram import histogram

    metadata = _metadata("histogram", name, step)
    return _json_file(histogram(name, values, bins), metadata)


def _json_file(data: Any, metadata: dict[str, Any]) -> MediaFile:
    from hallow.records.encoding import tag_nonfinite

    text = dumps(tag_nonfinite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return MediaFile(text.encode("utf-8", "backslashreplace"), ".json", "application/json", metadata)


def _metadata(kind: str, name: str, step: Any) -> dict[str, Any]:
    if not isinstance(name, str) or not name.strip():
        raise LogValueError(f"log_{kind} takes a name first, such as log_{kind}('samples', ...), not {described(name)}")
    step = plain_scalar(step)
    if step is not None and not isinstance(step, str) and not is_number(step):
        raise LogValueError(f"the step of the {kind} {name!r} must be a number or a text, not {described(step)}")
    return {"kind": kind, "name": name, "step": step}


# ----------------------------------------------------------------------------------------------------- artifacts


def artifact_name(file: MediaFile) -> str:
    """``<kind>s/<name>/<step><extension>``, where the step has 8 digits if it is a whole number.

    What is no letter, digit, dot, hyphen or underscore in a name becomes an underscore; a check sum at the end keeps
    such names apart.
    """
    kind, name, step = (file.metadata[key] for key in ("kind", "name", "step"))
    label = f"{int(step):08d}" if isinstance(step, int) else str(step)
    return f"{kind}s/{_safe(name)}/{_safe(label)}{file.extension}"


def _safe(name: str) -> str:
    import re
    from zlib import crc32

    safe = re.sub(r"[^\w.-]", "_", name)[:60]
    # Names that hide a file, lead elsewhere or are devices on some system.
    odd = re.match(r"(?i)\.|.*\.$|(con|prn|aux|nul|com\d|lpt\d)(\.|$)", safe)
    if name and safe == name and not odd:
        return name
    return f"{safe.strip('.')}-{crc32(name.encode('utf-8', 'backslashreplace')):08x}"


class Media:
    """Logs text, images, tables and histograms for one run; may be used by several threads.

    Each call stores a file of its own. Without ``step`` it is the last step of that kind and name + 1, first 0; a step
    can be any number or a text. Everything is looked at before the call returns, so values may be changed afterwards.

    Args:
        run: its ``add_artifact`` keeps the files, and its ``run_logger`` tells if one cannot be made.

    Attributes:
        next_steps: ``"<kind>/<name>"`` to the next automatic step; can be read and set, to go on after a resume.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._steps_lock = Lock()
        self._reported = False
        self.next_steps: dict[str, Any] = {}

    def log_text(self, name: str, text: str, step: Any = None) -> None:
        """Keep a text.

        Raises:
            LogValueError: if it is no ``str``.
        """
        self._keep(text_file(name, text, step))

    def log_image(self, name: str, image: Any, step: Any = None) -> None:
        """Keep an image: a file, PNG or JPEG data, a figure, or an array (:func:`hallow.running.pixels.encoded`).

        Raises:
            LogValueError: if it is none of these.
        """
        self._keep(image_file(name, image, step))

    def log_table(self, name: str, table: Any, step: Any = None, header: Sequence[Any] | None = None) -> None:
        """Keep a table: a list of dicts, a dict of columns, a list of rows with ``header``, or a data frame.

        Raises:
            LogValueError: if it is none of these, or the columns or rows differ in length.
        """
        self._keep(table_file(name, table, step, header))

    def log_histogram(self, name: str, values: Any, step: Any = None, bins: int = 64) -> None:
        """Keep the distribution of numbers: nested lists, arrays or any iterable of numbers.

        Raises:
            LogValueError: if they are no numbers, or ``bins`` is no positive whole number.
        """
        self._keep(histogram_file(name, values, step, bins))

    def go_on_after(self, stored: Iterable[Mapping[str, Any] | None]) -> None:
        """Let the automatic steps follow those of artifacts that were stored before.

        Args:
            stored: the metadata of the artifacts, in their order; those of other artifacts are ignored.
        """
        for metadata in stored:
            if metadata and {"kind", "name", "step"} <= metadata.keys():
                self._numbered(dict(metadata))

    def _keep(self, file: MediaFile) -> None:
        self._numbered(file.metadata)
        path = self._written(file)
        if path is None:
            return
        try:
            self._run.add_artifact(
                path, name=artifact_name(file), metadata=file.metadata, content_type=file.content_type
            )
        finally:
            _remove(path)

    def _numbered(self, metadata: dict[str, Any]) -> None:
        """Fill in the step, once the value has turned out to be good."""
        key = f"{metadata['kind']}/{metadata['name']}"
        with self._steps_lock:
            if metadata["step"] is None:
                metadata["step"] = self.next_steps.get(key, 0)
            try:
                self.next_steps[key] = metadata["step"] + 1
            except TypeError:
                self.next_steps.setdefault(key, 0)

    def _written(self, file: MediaFile) -> str | None:
        """The path of a temporary file; a disk that is full must not cost the run."""
        from tempfile import mkstemp

        path = None
        try:
            handle, path = mkstemp(file.extension, "hallow-")
            with open(handle, "wb") as writing:
                writing.write(file.content)
        except OSError as error:
            if path is not None:
                _remove(path)
            self._report(file, error)
            return None
        return path

    def _report(self, file: MediaFile, error: OSError) -> None:
        if not self._reported:
            self._reported = True
            self._run.run_logger.error(
                "The %s '%s' is not kept, because no temporary file can be written (%s). The run goes on; further "
                "ones that cannot be kept are not reported. Free some space, or set TMPDIR to a folder that has it.",
                file.metadata["kind"],
                file.metadata["name"],
                error,
            )


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:  # gone already, or held open by a scanner: it lies in the folder for temporary files
        return
