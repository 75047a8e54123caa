"""Event files as metrics."""

from __future__ import annotations

import os
import posixpath
import struct
import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.errors import HallowWarning
from hallow.integrations.tensorboard.frames import Frames, messages
from hallow.records.names import files_below
from hallow.records.points import Points, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["Scalars", "event_files", "event_metrics", "is_event_file", "read_events", "way_to"]

#: Types of tensors that hold one number, by their number in the format.
_TYPES = {1: "<f", 2: "<d", 3: "<i", 9: "<q"}


def read_events(source: str | os.PathLike[str] | BinaryIO | RecordedFile) -> dict[str, Points]:
    """The scalars in an event file, or in all event files of a log folder.

    Reading executes nothing. Of a damaged file, what is whole is there, with one warning that says what is not.

    Args:
        source: path of an event file, or of a folder with event files in it and in folders below; an event file that
            is opened for reading; or an artifact of a record.

    Returns:
        the points by tag, in order of first appearance, as ``RunRecord.metrics`` has them. Tags in folders below
        ``source`` begin with the way there, such as ``train/loss``.

    Raises:
        FileNotFoundError: if there is no such file, or no event file in the folder.
        MissingExtraError: (an ImportError) without the package tensorboard.
    """
    if not isinstance(source, str | os.PathLike):
        with _opened(source) as file:
            return joined(_points_of(file, str(getattr(source, "name", "(opened)"))))
    path = os.fspath(source)
    found = event_files(path) if os.path.isdir(path) else [("", path)]
    if not found:
        raise FileNotFoundError(f"there is no event file in {path} (events.out.tfevents.*)")
    return joined(points for name, file in found for points in _prefixed(way_to(name), partial(open, file, "rb"), file))


def event_metrics(record: RunRecord) -> dict[str, Points]:
    """The scalars in all event files among the artifacts of a record; see :func:`read_events`.

    Returns:
        the points by tag; empty if no artifact is an event file. Tags in folders below the one that all event files
        have in common begin with the way there.

    Raises:
        MissingExtraError: (an ImportError) without the package tensorboard.
    """
    files = [file for file in record.artifacts if is_event_file(file.name)]
    folders = [posixpath.dirname(file.name) for file in files]
    common = posixpath.commonpath(folders) if all(folders) and folders else ""
    return joined(
        points
        for file in files
        for points in _prefixed(way_to(file.name[len(common) :].lstrip("/")), file.open, file.name)
    )


def is_event_file(name: str) -> bool:
    """Whether a file has the name of an event file."""
    return ".tfevents." in posixpath.basename(name)


def event_files(folder: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """The event files in a folder and below: name relative to the folder, with ``/``, and path."""
    return [(name, path) for name, path in files_below(os.fspath(folder), "") if is_event_file(name)]


def way_to(name: str) -> str:
    """What tags of a file begin with: the folders on the way to it, each with ``/``."""
    folder = posixpath.dirname(name)
    return f"{folder}/" if folder else ""


class Scalars:
    """Finds the numbers in the messages of one file."""

    def __init__(self) -> None:
        self._event = messages("event_pb2").Event
        # Only the first message of a tag says what the tag is about.
        self._plugins: dict[str, str] = {}

    def each(self, frames: Frames) -> Iterator[list[tuple[str, int, float, float]]]:
        """Tag, step, value and time of the scalars in each message; one that makes no sense counts as damaged."""
        from google.protobuf.message import DecodeError

        for message in frames:
            try:
                event = self._event.FromString(message)
            except DecodeError:
                frames.damaged += 1
                continue
            found = [(value.tag, self._number(value)) for value in event.summary.value]
            yield [(tag, event.step, number, event.wall_time) for tag, number in found if number is not None]

    def _number(self, value: Any) -> float | None:
        if value.HasField("simple_value"):
            return float(value.simple_value)
        plugin = self._plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
        return _of_tensor(value.tensor) if plugin == "scalars" and value.HasField("tensor") else None


def _of_tensor(tensor: Any) -> float | None:
    """The number in a tensor that holds one."""
    if any(dimension.size != 1 for dimension in tensor.tensor_shape.dim):
        return None
    form = _TYPES.get(tensor.dtype)
    if tensor.tensor_content and form is not None:
        fits = len(tensor.tensor_content) == struct.calcsize(form)
        return float(struct.unpack(form, tensor.tensor_content)[0]) if fits else None
    for values in (tensor.float_val, tensor.double_val, tensor.int_val, tensor.int64_val):
        if len(values) == 1:
            return float(values[0])
    return None


def _prefixed(prefix: str, opener: Callable[[], Any], where: str) -> Iterator[Points]:
    with opener() as file:
        for points in _points_of(file, where):
            yield Points(prefix + points.name, points.steps, points.values, points.times)


def _points_of(file: BinaryIO, where: str) -> Iterable[Points]:
    """The points in one file by tag; warns of what cannot be read."""
    frames = Frames(file)
    found: dict[str, Points] = {}
    for scalars in Scalars().each(frames):
        for tag, step, value, time in scalars:
            points = found.setdefault(tag, Points(tag, [], [], []))
            points.steps.append(step)
            points.values.append(value)
            points.times.append(time)
    problems = frames.problems()
    if problems:
        # Outside of this library: warnings name the line that asked.
        warnings.warn(f"the event file {where} is damaged: {problems}", HallowWarning, stacklevel=2)
    return found.values()


@contextmanager
def _opened(source: Any) -> Iterator[BinaryIO]:
    if hasattr(source, "read"):
        yield source
    else:
        with source.open() as file:
            yield file
