# ruff: noqa: ARG001 - the functions of a table share one signature
"""Data frames, series and times of pandas, as stored.

Loaded only for such values, or for records that hold them.
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Callable
from json import dumps, loads
from typing import Any

Recurse = Callable[[Any], Any]


def _text(obj: Any, encode: Recurse) -> str:
    """JSON text, as pandas values are kept."""
    return dumps(encode(obj))


def _frame(obj: Any, encode: Recurse) -> Any:
    if not obj.columns.is_unique:
        raise ValueError("two columns have the same name")
    multi_columns, multi_index = obj.columns.nlevels > 1, obj.index.nlevels > 1
    meta = {
        "dtypes_rle": [[_CODES.get(str(dtype), "np/o"), 1] for dtype in obj.dtypes],
        "dtypes": [str(dtype) for dtype in obj.dtypes],
        "index": _text(list(obj.index), encode),
        "index_dtype": str(obj.index.dtype),
        "index_names": list(obj.index.names) if multi_index else obj.index.name,
        "columns": _text(list(obj.columns), encode),
        "column_names": list(obj.columns.names) if multi_columns else obj.columns.name,
        "is_multiindex": multi_index,
        "is_multicolumns": multi_columns,
    }
    values = {name: _column(obj[name]) for name in obj.columns}
    return {
        "py/object": "pandas.DataFrame",
        "values": _text(values, encode),
        "txt": True,
        "meta": {key: encode(value) for key, value in meta.items()},
    }


def _column(series: Any) -> list[Any]:
    missing = None if series.dtype.kind != "f" else float("nan")
    return [missing if _is_missing(value) else value for value in series.tolist()]


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _series(obj: Any, encode: Recurse) -> Any:
    kind = obj.dtype.kind
    values = obj.to_numpy() if str(obj.dtype) == str(obj.to_numpy().dtype) and kind in "biufcmM" else None
    stored = encode(values) if values is not None else _object_array(_column(obj), encode)
    return {
        "py/object": "pandas.Series",
        "name": encode(obj.name),
        "dtype": str(obj.dtype),
        "index": _index(obj.index, encode),
        "values": stored,
    }


def _object_array(values: list[Any], encode: Recurse) -> dict[str, Any]:
    return {"py/object": "numpy.ndarray", "dtype": "object", "values": encode(values), "shape": [len(values)]}


def _index(obj: Any, encode: Recurse) -> Any:
    multi = obj.nlevels > 1
    name = {"names": [encode(n) for n in obj.names]} if multi else {"name": encode(obj.name)}
    kind = type(obj).__name__
    return {
        "py/object": f"pandas.{kind}",
        "values": _text(list(obj), encode),
        "txt": True,
        "meta": {"dtype": str(obj.dtype), **name},
    }


def _timestamp(obj: Any, encode: Recurse) -> Any:
    return {
        "py/object": "pandas.Timestamp",
        "values": "",
        "txt": True,
        "meta": {"isoformat": obj.isoformat()},
    }


def _timedelta(obj: Any, encode: Recurse) -> Any:
    return encode(obj.to_timedelta64())


def not_a_time_form(obj: Any, encode: Recurse) -> Any:
    """The form of ``NaT``, which is an instance of no public class."""
    return {
        "py/reduce": [{"py/function": "pandas._libs.tslibs.nattype._nat_unpickle"}, {"py/tuple": [None]}],
    }


#: How to store instances of pandas' classes, by name; looked through in this order.
ENCODERS: dict[str, Callable[[Any, Recurse], Any]] = {
    "DataFrame": _frame,
    "Series": _series,
    "Index": _index,
    "Timestamp": _timestamp,
    "Timedelta": _timedelta,
}


#: jsonpickle's short names of column types.
_NAMES = {
    "np/b": "bool",
    "np/f": "float16",
    "pd/f32": "float32",
    "pd/f": "float64",
    "pd/f64": "float64",
    "np/c": "complex64",
    "np/c128": "complex128",
    "np/s": "str",
    "np/o": "object",
    "pd/i8": "int8",
    "pd/u": "uint8",
    "pd/i16": "int16",
    "pd/u16": "uint16",
    "pd/i": "int32",
    "pd/u32": "uint32",
    "pd/i64": "int64",
    "pd/u64": "uint64",
    "pd/c": "category",
    "pd/b": "boolean",
    **{f"np/d64[{unit}]": f"datetime64[{unit}]" for unit in ("s", "ms", "us", "ns")},
    **{f"np/t64[{unit}]": f"timedelta64[{unit}]" for unit in ("s", "ms", "us", "ns")},
}


_CODES = {name: code for code, name in _NAMES.items() if code != "pd/f64"}


def not_a_time() -> Any:
    """Pandas' ``NaT``; ``None`` without pandas."""
    try:
        import pandas as pd
    except ImportError:
        return None
    return pd.NaT


def _table_text(flat: dict[str, Any]) -> str:
    if flat.get("txt", True):
        return str(flat["values"])
    data = b64decode(flat["values"])
    return (zlib.decompress(data) if flat.get("comp") else data).decode("utf-8")


def _restored_frame(flat: dict[str, Any], decode: Recurse) -> Any:
    import pandas as pd

    meta = flat["meta"]
    if "dtypes_rle" not in meta:
        return _restored_csv(_table_text(flat), meta, decode)
    columns = _labels(meta["columns"], decode)
    dtypes = meta.get("dtypes") or [_NAMES.get(code) for code, times in meta["dtypes_rle"] for _ in range(times)]
    values = list(decode(loads(_table_text(flat))).values())
    index = _made_index(_labels(meta["index"], decode), meta.get("index_names"), meta["is_multiindex"])
    series = [_typed(pd.Series(data, dtype=object), dtype) for data, dtype in zip(values, dtypes, strict=True)]
    found = pd.concat(series, axis=1) if series else pd.DataFrame(index=range(len(index)))
    found.columns = _made_index(columns, meta.get("column_names"), meta["is_multicolumns"])
    found.index = _retyped(index, meta.get("index_dtype"))
    return found


def _labels(text: str, decode: Recurse) -> list[Any]:
    return list(decode(loads(text)))


def _made_index(labels: list[Any], names: Any, multi: bool) -> Any:
    import pandas as pd

    if multi:
        return pd.MultiIndex.from_tuples(labels, names=names)
    return pd.Index(labels, name=names)


def _retyped(index: Any, dtype: str | None) -> Any:
    """The index with its recorded type, where that can be had."""
    if dtype is None or index.nlevels > 1 or str(index.dtype) == dtype:
        return index
    try:
        return index.astype(dtype)
    except (TypeError, ValueError):
        return index


def _typed(series: Any, dtype: str | None) -> Any:
    """The column with its recorded type, where that can be had."""
    if dtype in (None, "object"):
        return series
    try:
        return series.astype(dtype)
    except (TypeError, ValueError):
        return series.infer_objects()


def _restored_csv(text: str, meta: dict[str, Any], decode: Recurse) -> Any:
    """Data frames as jsonpickle before 3.4 wrote them."""
    from io import StringIO

    import pandas as pd

    dtypes = decode(meta.get("dtypes", {}))
    found = pd.read_csv(StringIO(text), header=meta.get("header", [0])) if text.strip() else pd.DataFrame()
    for column, dtype in dtypes.items():
        if column in found.columns:
            found[column] = _read_column(found[column], str(dtype))
    found.index = decode(loads(meta["index"]))
    if meta.get("column_level_names"):
        found.columns.names = meta["column_level_names"]
    return found


def _read_column(series: Any, dtype: str) -> Any:
    import pandas as pd

    if dtype.startswith("timedelta"):
        series = pd.to_timedelta(series)
    elif dtype.startswith("datetime"):
        series = pd.to_datetime(series)
    elif dtype.startswith("complex"):
        series = series.map(complex)
    return _typed(series, dtype)


def _restored_series(flat: dict[str, Any], decode: Recurse) -> Any:
    import pandas as pd

    index, values = decode(flat["index"]), decode(flat["values"])
    return _typed(pd.Series(values, index=index, name=decode(flat.get("name"))), flat.get("dtype"))


def _restored_index(flat: dict[str, Any], decode: Recurse) -> Any:
    meta = flat["meta"]
    multi = str(flat["py/object"]).endswith(".MultiIndex")
    names = decode(meta.get("names")) if multi else decode(meta.get("name"))
    return _retyped(_made_index(_labels(_table_text(flat), decode), names, multi), meta.get("dtype"))


def _restored_timestamp(flat: dict[str, Any], decode: Recurse) -> Any:
    import pandas as pd

    return pd.Timestamp(flat["meta"]["isoformat"])


#: How to read them, by name.
READERS: dict[str, Callable[[dict[str, Any], Recurse], Any]] = {
    "DataFrame": _restored_frame,
    "Series": _restored_series,
    "Index": _restored_index,
    "Timestamp": _restored_timestamp,
}
