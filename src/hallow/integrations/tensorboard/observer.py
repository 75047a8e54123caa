"""Runs as event files, for TensorBoard."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.integrations.mirror import Mirror, Row, Started, check_installed, flat, whole
from hallow.integrations.tensorboard.frames import checksum, framed, messages
from hallow.records.encoding import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["TensorBoardObserver"]


class TensorBoardObserver(Mirror):
    """Writes an event file for each run, to be looked at with ``tensorboard --logdir FOLDER``.

    The file holds the metrics as scalars (with the precision that TensorBoard has, 32 bits), the configuration as
    text and as hyperparameters, and how the run ended. Artifacts are not in it.

    Args:
        folder: where each run gets a folder of its own, named after its id.
        priority: see :class:`~hallow.observers.base.RunObserver`.

    Raises:
        MissingExtraError: (an ImportError) without the package tensorboard.
    """

    def __init__(self, folder: str | os.PathLike[str], priority: float = 5) -> None:
        check_installed("tensorboard", "TensorBoardObserver needs")
        self.folder = os.path.abspath(folder)
        super().__init__(priority)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.folder!r})"

    def _reset(self) -> None:
        super()._reset()
        #: Path of the event file of the present run, or of the last one.
        self.path: str | None = None
        self._file: BinaryIO | None = None
        self._masked: Callable[[bytes], int] | None = None

    def started_event(self, *args: Any, **kwargs: Any) -> None:
        """Remember what is known of the run."""
        self._close()  # of a run whose end was never told
        super().started_event(*args, **kwargs)

    # ------------------------------------------------------------------------------------------ what a mirror does

    def begin(self, run: Started) -> None:
        """Make the file, with the configuration in it."""
        self._masked = checksum()
        first = messages("event_pb2").Event(wall_time=time.time(), file_version="brain.Event:2")
        texts = [_event(run.time, value) for value in (_config_text(run.config), _hparams_start(run))]
        if self._file is None:
            self._file = self._made(os.path.join(self.folder, re.sub(r"[^\w.-]", "_", run.label).strip(".") or "_"))
        self._append([first, *texts])

    def send(self, rows: Sequence[Row]) -> None:
        """Append points."""
        summary = messages("summary_pb2").Summary
        self._append(
            _event(row.time, summary.Value(tag=row.name, simple_value=_float32(row.value)), whole(row.step))
            for row in rows
        )

    def finish(self, status: str, time: float, result: Any = None, trace: str = "") -> None:
        """Append how the run ended, and close the file."""
        del result
        try:
            self._append([_event(time, value) for value in (_hparams_end(status, time), _end_text(status, trace))])
        finally:
            self._close()

    def discard(self) -> None:
        """Remove the event file."""
        self._close()
        if self.path is not None:
            os.unlink(self.path)
            with suppress(OSError):  # another run has the same id
                os.rmdir(os.path.dirname(self.path))

    # ------------------------------------------------------------------------------------------------------- file

    def _made(self, folder: str) -> BinaryIO:
        from socket import gethostname

        os.makedirs(folder, exist_ok=True)
        stem = f"events.out.tfevents.{int(time.time())}.{gethostname()}.{os.getpid()}"
        number = 0
        while True:
            self.path = os.path.join(folder, f"{stem}.{number}")
            try:
                return open(self.path, "xb", buffering=0)
            except FileExistsError:
                number += 1

    def _append(self, events: Iterable[Any]) -> None:
        """Write all events or none: on a full disk, what is there already is taken away again."""
        assert self._file is not None
        assert self._masked is not None
        data = memoryview(b"".join(framed(event.SerializeToString(), self._masked) for event in events))
        start = self._file.tell()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _event(time: float, value: Any, step: int = 0) -> Any:
    summary = messages("summary_pb2").Summary(value=[value])
    return messages("event_pb2").Event(wall_time=time, step=step, summary=summary)


def _float32(value: float) -> float:
    """Beyond the range of 32 bits, protobuf would make it an error."""
    limit = 3.4028234e38
    return value if -limit <= value <= limit or value != value else value * float("inf")


def _config_text(config: Mapping[str, Any]) -> Any:
    text = json.dumps(flatten(config, lambda _path, _problem: None), indent=2, default=str)
    return _text("config", f"```json\n{text}\n```")


def _end_text(status: str, trace: str) -> Any:
    return _text("status", f"{status}\n\n```\n{trace}\n```" if trace else status)


def _text(tag: str, text: str) -> Any:
    tensor = messages("tensor_pb2").TensorProto(dtype=7, string_val=[text.encode("utf-8", "replace")])
    return _value(tag, tensor, "text", b"")


def _value(tag: str, tensor: Any, plugin: str, content: bytes) -> Any:
    summary = messages("summary_pb2")
    data = summary.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return summary.Summary.Value(tag=tag, tensor=tensor, metadata=summary.SummaryMetadata(plugin_data=data))


def _hparams_start(run: Started) -> Any:
    from tensorboard.plugins.hparams import plugin_data_pb2

    started = plugin_data_pb2.SessionStartInfo(start_time_secs=run.time, group_name=run.label)
    for name, entry in flat(run.config).items():
        kind = "bool_value" if isinstance(entry, bool) else "string_value" if isinstance(entry, str) else "number_value"
        setattr(started.hparams[name], kind, entry if isinstance(entry, str | bool) else float(entry))
    return _hparams("start", plugin_data_pb2.HParamsPluginData(session_start_info=started))


def _hparams_end(status: str, time: float) -> Any:
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

    ended = api_pb2.STATUS_SUCCESS if status == "COMPLETED" else api_pb2.STATUS_FAILURE
    info = plugin_data_pb2.SessionEndInfo(status=ended, end_time_secs=time)
    return _hparams("end", plugin_data_pb2.HParamsPluginData(session_end_info=info))


def _hparams(which: str, data: Any) -> Any:
    empty = messages("tensor_pb2").TensorProto(dtype=1)
    empty.tensor_shape.dim.add(size=0)
    return _value(f"_hparams_/session_{which}_info", empty, "hparams", data.SerializeToString())
