"""How TinyDB stores values that JSON has no form for: classes for the middleware of ``tinydb-serialization``.

Each has ``OBJ_CLASS``, the class of the values; ``encode(obj)``, their text; and ``decode(text)``, the reverse.
"""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

from hallow.backends.tinydb.hashed import is_digest
from hallow.backends.tinydb.tags import (
    ARRAY,
    DATE,
    FILE,
    FRAME,
    SERIES,
    read_array,
    read_date,
    read_frame,
    read_series,
    tagged,
    written_date,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = [
    "BufferedReaderWrapper",
    "DataFrameSerializer",
    "DateTimeSerializer",
    "FileSerializer",
    "NdArraySerializer",
    "SeriesSerializer",
    "written",
]


class BufferedReaderWrapper(io.BufferedReader):
    """A file opened for reading, which can be copied; it is opened only when something is read.

    Args:
        f: an open file, or a path.

    Attributes:
        hash: MD5 of a content in a store.
    """

    hash: str | None = None

    def __init__(self, f: Any) -> None:
        self._path = str(f.name if hasattr(f, "read") else f)
        super().__init__(_LateFile(self._path))

    def __copy__(self) -> BufferedReaderWrapper:
        other = BufferedReaderWrapper(self._path)
        other.hash = self.hash
        return other

    def __deepcopy__(self, memo: Any) -> BufferedReaderWrapper:
        return self.__copy__()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, BufferedReaderWrapper) and self.hash is not None and self.hash == other.hash

    def __hash__(self) -> int:
        return object.__hash__(self) if self.hash is None else hash(self.hash)


class _LateFile(io.RawIOBase):
    """A file that is opened when it is first used: a database may refer to more files than can be open."""

    mode = "rb"

    def __init__(self, path: str) -> None:
        self.name = path
        self._file: io.FileIO | None = None

    def _opened(self) -> io.FileIO:
        if self._file is None:
            self._file = io.FileIO(self.name)
        return self._file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._opened().readinto(buffer)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._opened().seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._file is None else self._file.tell()

    def fileno(self) -> int:
        return self._opened().fileno()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


class DateTimeSerializer:
    """Naive times in UTC."""

    @property
    def OBJ_CLASS(self) -> type:  # noqa: N802 - the middleware's name
        """The class of the values."""
        from datetime import datetime

        return datetime

    def encode(self, obj: datetime) -> str:
        """The text of a value."""
        return written_date(obj.replace(tzinfo=None))

    def decode(self, s: str) -> datetime:
        """The value of a text."""
        return read_date(s)


class NdArraySerializer:
    """Arrays of numpy, as nested lists."""

    @property
    def OBJ_CLASS(self) -> Any:  # noqa: N802 - the middleware's name
        """The class of the values; imports numpy."""
        import numpy as np

        return np.ndarray

    def encode(self, obj: Any) -> str:
        """The text of a value."""
        return json.dumps(obj.tolist())

    def decode(self, s: str) -> Any:
        """The value of a text."""
        return read_array(s)


class DataFrameSerializer:
    """Data frames of pandas, as pandas writes them in JSON."""

    @property
    def OBJ_CLASS(self) -> Any:  # noqa: N802 - the middleware's name
        """The class of the values; imports pandas."""
        import pandas as pd

        return pd.DataFrame

    def encode(self, obj: Any) -> str:
        """The text of a value."""
        return str(obj.to_json())

    def decode(self, s: str) -> Any:
        """The value of a text."""
        return read_frame(s)


class SeriesSerializer:
    """Series of pandas, as pandas writes them in JSON."""

    @property
    def OBJ_CLASS(self) -> Any:  # noqa: N802 - the middleware's name
        """The class of the values; imports pandas."""
        import pandas as pd

        return pd.Series

    def encode(self, obj: Any) -> str:
        """The text of a value."""
        return str(obj.to_json())

    def decode(self, s: str) -> Any:
        """The value of a text."""
        return read_series(s)


class FileSerializer:
    """Open files, whose contents are kept by their MD5.

    Args:
        fs: a :class:`~hallow.backends.tinydb.hashed.HashedFiles` or a ``hashfs.HashFS``.
    """

    OBJ_CLASS = BufferedReaderWrapper

    def __init__(self, fs: Any) -> None:
        self.fs = fs

    def encode(self, obj: Any) -> str:
        """Keep the content, if it is not kept; gives the text of a value."""
        content = getattr(obj, "hash", None)
        return json.dumps(content if is_digest(content) else self.fs.put(obj).id)

    def decode(self, s: str) -> BufferedReaderWrapper:
        """The value of a text; that the content is not there is noticed when it is read.

        Raises:
            ValueError: if the text names no content.
        """
        content = json.loads(s)
        if not is_digest(content):
            raise ValueError(f"{content!r:.60} is no MD5")
        found = self.fs.get(content)
        missing = getattr(self.fs, "path_of", lambda content: content)(content)
        file = BufferedReaderWrapper(missing if found is None else found.abspath)
        file.hash = content
        return file


def written(data: Any, fs: Any) -> Any:
    """A copy of data with tagged texts in place of values that JSON has no form for."""
    if isinstance(data, dict):
        return {key: written(value, fs) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [written(value, fs) for value in data]
    if data is None or isinstance(data, str | int | float):
        return data
    if isinstance(data, io.BufferedReader):
        return tagged(FILE, FileSerializer(fs).encode(data))
    for tag, serializer in _serializers():
        if isinstance(data, serializer.OBJ_CLASS):
            return tagged(tag, serializer.encode(data))
    return data


def _serializers() -> Iterator[tuple[str, Any]]:
    """By tag; a value can only be one of a package that is loaded."""
    yield DATE, DateTimeSerializer()
    if "numpy" in sys.modules:
        yield ARRAY, NdArraySerializer()
    if "pandas" in sys.modules:
        yield FRAME, DataFrameSerializer()
        yield SERIES, SeriesSerializer()
