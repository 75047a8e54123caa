"""Arrays and their members as stored: numpy, and what can be made into a numpy array.

Loaded only for values of these libraries, or for records that hold such values.
"""

from __future__ import annotations

import math
import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

__all__ = ["encoder_for", "restored"]

#: Arrays of up to so many elements are stored as readable lists, larger ones as compressed bytes.
READABLE = 1000

Recurse = Callable[[Any], Any]


# ------------------------------------------------------------------------------------------------ writing


def encoder_for(obj: Any) -> Callable[[Any, Recurse], Any] | None:
    """How to store ``obj``, or ``None`` if it is neither a number, an array nor a table."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "DataFrame"):
        from hallow.records import tables

        for name, encoder in tables.ENCODERS.items():
            if isinstance(obj, getattr(pandas, name)):
                return encoder
        if obj is pandas.NaT:
            return tables.not_a_time_form
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(obj, numpy.generic):
        return _scalar
    if numpy is not None and isinstance(obj, numpy.ndarray):
        return _masked if isinstance(obj, numpy.ma.MaskedArray) else array_form
    if not isinstance(obj, type) and all(hasattr(obj, name) for name in ("dtype", "shape", "__array__")):
        return _tensor
    return None


def _scalar(obj: Any, encode: Recurse) -> Any:
    import numpy as np

    if obj.dtype.kind in "mM":
        return array_form(np.asarray(obj), encode)
    value = obj.item()
    return encode(float(value) if isinstance(value, np.floating) else value)


def array_form(obj: Any, encode: Recurse) -> Any:
    """An array as stored; without dimension: a plain number."""
    import numpy as np

    obj = np.asarray(obj)
    kind = obj.dtype.kind
    if obj.ndim == 0 and kind not in "mM":
        return encode(obj.item() if kind == "O" else obj[()])
    dtype = str(obj.dtype)
    flat: dict[str, Any] = {"py/object": "numpy.ndarray", "dtype": dtype}
    if obj.size > READABLE and kind in "biufcmM":
        return {**flat, **_compressed(obj)}
    flat["values"] = _nested(obj, encode)
    if obj.size == 0 or kind == "O":
        # Nested lists alone do not tell the shape here.
        flat["shape"] = list(obj.shape)
    return flat


def _nested(obj: Any, encode: Recurse) -> Any:
    if obj.dtype.kind == "M":
        return obj.astype(str).tolist()
    if obj.dtype.kind == "m":
        return obj.astype("int64").tolist()
    if obj.dtype.kind in "biuU":
        return obj.tolist()
    if obj.dtype.kind == "f":
        return obj.astype("float64").tolist() if obj.dtype.itemsize > 8 else obj.tolist()
    return encode(obj.tolist())


def _compressed(obj: Any) -> dict[str, Any]:
    little = sys.byteorder == "little"
    order = obj.dtype.byteorder
    return {
        "shape": list(obj.shape),
        "byteorder": order if order in "<>" else ("<" if little else ">"),
        "values": b64encode(zlib.compress(obj.tobytes())).decode("ascii"),
    }


def _masked(obj: Any, encode: Recurse) -> Any:
    import numpy as np

    return {
        "py/object": "numpy.ma.MaskedArray",
        "data": array_form(obj.data, encode),
        "mask": array_form(np.ma.getmaskarray(obj), encode),  # type: ignore[no-untyped-call, unused-ignore]
    }


def _tensor(obj: Any, encode: Recurse) -> Any:
    """torch, jax, TensorFlow: through numpy."""
    import numpy as np

    if hasattr(obj, "detach"):
        obj = obj.detach().cpu()
    return array_form(np.asarray(obj), encode)


# ------------------------------------------------------------------------------------------------ reading


def restored(name: str, flat: dict[str, Any], decode: Recurse) -> Any:
    """The array, table or scalar in ``flat``; ``NotImplemented`` if it is none or its library is missing.

    Raises:
        ValueError: (or TypeError, KeyError) if the content makes no sense.
    """
    library, _, kind = name.partition(".")
    try:
        __import__("numpy" if library == "numpy" else "pandas")
    except ImportError:
        return (
            decode(flat["values"]) if name == "numpy.ndarray" and isinstance(flat["values"], list) else NotImplemented
        )
    if library == "numpy":
        return _restored_numpy(kind, flat, decode)
    from hallow.records import tables

    kind = kind.rpartition(".")[2]  # up to version 2, pandas names its classes by the modules that define them
    reader = tables.READERS.get("Index" if kind.endswith("Index") else kind)
    return NotImplemented if reader is None else reader(flat, decode)


# What a stored array may claim: bytes of one element, and how often a view may repeat its base.
_WIDEST, _REPEATS = 1 << 20, 1 << 10


def _dtype(text: str) -> Any:
    import numpy as np

    if text.startswith("["):
        from ast import literal_eval

        found = np.dtype(literal_eval(text))
    else:
        found = np.dtype(text)
    if found.itemsize > _WIDEST:
        raise ValueError(f"elements of {found.itemsize} bytes are not credible")
    return found


def _restored_numpy(kind: str, flat: dict[str, Any], decode: Recurse) -> Any:
    if kind == "ndarray":
        return _restored_array(flat, decode)
    if kind == "ma.MaskedArray":
        import numpy as np

        data, mask = decode(flat["data"]), decode(flat["mask"])
        # The last numpy for Python 3.10 has no types for these.
        return np.ma.MaskedArray(data, mask=mask)  # type: ignore[no-untyped-call, unused-ignore]
    if "value" in flat and "dtype" in flat:
        # A scalar as Sacred stored it.
        return _dtype(flat["dtype"]).type(decode(flat["value"]))
    return _dtype(flat["dtype"]) if kind.startswith("dtype") and "dtype" in flat else NotImplemented


def _restored_array(flat: dict[str, Any], decode: Recurse) -> Any:
    import numpy as np

    dtype = _dtype(flat["dtype"])
    if "values" not in flat:
        return _restored_view(flat, dtype, decode)
    values = flat["values"]
    if isinstance(values, str) and "shape" in flat:
        return _decompressed(values, dtype, flat)
    if isinstance(flat.get("base"), dict):
        # Decoded for its numbers only: objects inside the base were counted when it was written.
        decode(flat["base"])
    values = decode(values)
    if dtype.kind == "O" and "shape" in flat:
        return _of_objects(values, tuple(flat["shape"]))
    found = np.array(values, dtype=dtype)
    return found.reshape(flat["shape"]) if found.size == 0 and "shape" in flat else found


def _of_objects(values: Any, shape: tuple[int, ...]) -> Any:
    """Filled one by one, because numpy would take lists inside for further dimensions."""
    import numpy as np

    if math.prod(shape) > len(repr(values)):  # there cannot be that many
        raise ValueError("the shape is not that of the values")
    found: Any = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        value = values
        for step in place:
            value = value[step]
        found[place] = value
    return found


def _decompressed(text: str, dtype: Any, flat: dict[str, Any]) -> Any:
    import numpy as np

    if dtype.hasobject:
        raise ValueError("objects cannot be read from bytes")
    shape = [int(length) for length in flat["shape"]]
    size = dtype.itemsize
    for length in shape:
        size *= length
    # Never unpack more than the shape says: the file may be a bomb.
    data = zlib.decompressobj().decompress(b64decode(text), size + 1)
    if flat.get("byteorder") in ("<", ">") and dtype.byteorder not in "|<>":
        dtype = dtype.newbyteorder(flat["byteorder"])
    elif flat.get("byteorder") == ">" and dtype.byteorder == "=":
        dtype = dtype.newbyteorder(">")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order=flat.get("order", "C")).copy()


def _restored_view(flat: dict[str, Any], dtype: Any, decode: Recurse) -> Any:
    """A part of another array, as Sacred stored slices and transposed arrays."""
    import numpy as np

    base = np.ascontiguousarray(decode(flat["base"]))
    if dtype.hasobject or base.dtype.hasobject:
        raise ValueError("objects cannot be read from bytes")
    if math.prod(flat["shape"]) * dtype.itemsize > _REPEATS * max(base.nbytes, 1):
        raise ValueError("a view of that size is not credible")
    strides = flat.get("strides")
    return np.ndarray(
        tuple(flat["shape"]),
        dtype,
        base.tobytes(),
        flat.get("offset", 0),
        None if strides is None else tuple(strides),
    ).copy()
