# $
# S-2 numpy scalars are stored as numbers
#   1 - out| {'py/object': 'numpy.float64', 'dtype': 'float64', 'value': 0.5} {'py/object': 'numpy.int64', 'dtype': 'int64', 'value': 3} {'py/object': 'numpy.bool', 'dtype': 'bool', 'value': True}
#   1 + out| 0.5 3 True
# S-6 stored values are data: they are restored as plain dicts
#   1 - out| OrderedDict([('a', 1), ('b', 2)])
#   1 + out| {'a': 1, 'b': 2}
import json
from collections import OrderedDict
from importlib import reload

import numpy as np
import sacred.serializer
from sacred.serializer import flatten, restore

serializer = reload(sacred.serializer)
values = [
    1,
    1.5,
    None,
    True,
    "text",
    [1, [2]],
    {"a": {"b": []}},
    (1, (2, 3)),
    {1: "int", "s": 2},
    {"t": (1,)},
    np.array([1, 2, 3]),
    np.arange(6).reshape(2, 3),
    np.array([1.5, 2.5]),
    b"bytes",
]
for value in values:
    flat = flatten(value)
    back = restore(json.loads(json.dumps(flat)))
    same = np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value
    print(type(value).__name__, same, type(back).__name__)
print(flatten((1, 2)), flatten({1: 2}), flatten([1, {"a": (3,)}]))
print(flatten(np.array([1, 2, 3])))
print(flatten(np.float64(0.5)), flatten(np.int64(3)), flatten(np.bool_(True)))
print(sorted(restore(flatten({3, 1, 2}))))
print(restore(flatten(OrderedDict(a=1, b=2))))
print(serializer.json.decode(serializer.json.encode({"a": (1, 2)})))
