"""Values as expected.json writes them: strict JSON, every other kind under one tag of its own.

| Python value | written |
|---|---|
| NaN and the infinities | ``{"$float": "nan"}``, ``"inf"``, ``"-inf"`` |
| tuple, set | ``{"$tuple": [...]}``, ``{"$set": [...]}`` |
| bytes | ``{"$bytes": "<base64>"}`` |
| dict with a key that is no text | ``{"$map": [[key, value], ...]}`` |
| numpy number | ``{"$number": {"dtype": "float32", "value": 0.5}}`` |
| numpy array | ``{"$array": {"dtype": "float32", "shape": [2, 2], "values": [...]}}``, values in C order, flat |
| DataFrame | ``{"$frame": {"columns": {name: [...]}, "index": [...]}}`` |
| Series | ``{"$series": {"name": ..., "values": [...], "index": [...]}}`` |
| class, function | ``{"$class": "net.Schedule"}``, ``{"$function": "net.forward"}`` |
| any other object | ``{"$object": {"class": "net.Schedule", "state": ...}}``; the state of a known kind is its text or its items |
"""

from base64 import b64encode
from collections import OrderedDict
from math import isfinite

__all__ = ["tagged"]


def tagged(value):
    """``value`` as strict JSON."""
    if value is None or type(value) in {bool, int, str}:
        return value
    if type(value) is float:
        return value if isfinite(value) else {"$float": str(value)}
    if type(value) is list:
        return [tagged(item) for item in value]
    if type(value) is dict:
        return _of_dict(value)
    if type(value) in {tuple, set}:
        return {f"${type(value).__name__}": [tagged(item) for item in value]}
    if type(value) is bytes:
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, type):
        return {"$class": f"{value.__module__}.{value.__qualname__}"}
    if hasattr(value, "__code__"):
        return {"$function": f"{value.__module__}.{value.__qualname__}"}
    return _of_library(value)


def _of_dict(value):
    if all(type(key) is str for key in value):
        return {key: tagged(item) for key, item in value.items()}
    return {"$map": [[tagged(key), tagged(item)] for key, item in value.items()]}


def _of_library(value):
    kind = type(value).__name__
    if kind == "ndarray":
        values = [tagged(item) for item in value.ravel().tolist()]
        return {"$array": {"dtype": str(value.dtype), "shape": list(value.shape), "values": values}}
    if hasattr(value, "dtype") and hasattr(value, "item") and kind != "Series":
        return {"$number": {"dtype": str(value.dtype), "value": tagged(value.item())}}
    if kind == "DataFrame":
        columns = {name: tagged(value[name].tolist()) for name in value}
        return {"$frame": {"columns": columns, "index": tagged(value.index.tolist())}}
    if kind == "Series":
        values, index = tagged(value.tolist()), tagged(value.index.tolist())
        return {"$series": {"name": value.name, "values": values, "index": index}}
    return {"$object": {"class": f"{type(value).__module__}.{kind}", "state": tagged(_state(value))}}


def _state(value):
    if isinstance(value, OrderedDict):
        return [list(item) for item in value.items()]
    if isinstance(value, tuple):
        return list(value)
    if type(value).__module__ in {"net"}:
        return vars(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
