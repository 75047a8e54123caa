"""Arrays and tables in their JSON form, and their restoration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from records_json import through_json

from hallow.records.encoding import Described, flatten, restore


def test_S2_numpy_numbers_are_plain():
    values = [
        np.float64(2.5),
        np.float32(0.5),
        np.int8(3),
        np.bool_(True),
        np.str_("x"),
        np.array(3),
        np.longdouble(2),
    ]
    flat = flatten(values)
    assert flat == [2.5, 0.5, 3, True, "x", 3, 2.0]
    assert [type(v) for v in flat] == [float, float, int, bool, str, int, float]


def test_S4_arrays_are_readable():
    array = np.arange(20, dtype="float32").reshape(4, 5)
    flat = flatten(array)
    assert flat["values"] == array.tolist()
    assert flat["dtype"] == "float32"


def arrays():
    big = np.arange(5000).reshape(50, 100)
    return [
        np.arange(3),
        big,
        np.asfortranarray(big),
        big.astype(">i4"),
        np.zeros((0, 3)),
        np.ones((3, 0)),
        np.array([1 + 2j]),
        np.array(["a", "bc"]),
        np.array([b"a"]),
        np.array([True, False]),
        np.array(["2020", "NaT"], dtype="M8[s]"),
        np.array([1, 2], dtype="m8[ns]"),
        np.array([{"a": 1}, [1, 2]], dtype=object),
        np.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        np.array([1.0, np.nan, np.inf]),
    ]


@pytest.mark.parametrize("number", range(15))
def test_arrays_come_back(number):
    array = arrays()[number]
    result = through_json(array)
    assert result.dtype == array.dtype
    assert result.shape == array.shape
    np.testing.assert_array_equal(result, array)


OLD_VIEW = "eJxjYEAGH+yhDAcIxQGlBaC0CJSWgNIyUFoBSitBaRUorQalNaC0FpTWgdJ6UNoAShtCaSMobewAAGCpCA4="


def test_arrays_as_sacred_stored_them():
    binary = {
        "py/object": "numpy.ndarray",
        "values": OLD_VIEW,
        "shape": [20],
        "dtype": "float64",
        "byteorder": "<",
    }
    np.testing.assert_array_equal(restore(binary), np.arange(20.0))
    view = {
        "py/object": "numpy.ndarray",
        "base": binary,
        "offset": 8,
        "strides": [40, 8],
        "shape": [3, 2],
        "dtype": "float64",
    }
    np.testing.assert_array_equal(restore(view), [[1, 2], [6, 7], [11, 12]])
    scalar = {"py/object": "numpy.float64", "dtype": "float64", "value": 2.5}
    assert restore(scalar) == 2.5
    # A size that the bytes do not have, and a view outside of its base.
    assert isinstance(restore({**binary, "shape": [10**12]}), Described)
    assert isinstance(restore({**view, "offset": 10**6}), Described)


def test_S5_pandas_old_and_new():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, None]}, index=["r1", "r2"])
    pd.testing.assert_frame_equal(through_json(frame), frame)
    new = {
        "py/object": "pandas.DataFrame",
        "values": '{"a": [1, 2], "b": ["x", "y"], "c": [1.5, NaN]}',
        "txt": True,
        "meta": {
            "dtypes_rle": [["pd/i64", 1], ["np/s", 1], ["pd/f", 1]],
            "index": '["r1", "r2"]',
            "index_names": None,
            "columns": '["a", "b", "c"]',
            "column_names": None,
            "is_multiindex": False,
            "is_multicolumns": False,
        },
    }
    index = '{"py/object": "pandas.Index", "values": "[\\"r1\\", \\"r2\\"]", "txt": true, "meta": {"dtype": "object", "name": null}}'
    old = {
        "py/object": "pandas.DataFrame",
        "values": "a,b,c\n1,x,1.5\n2,y,\n",
        "txt": True,
        "meta": {
            "dtypes": {"a": "int64", "b": "object", "c": "float64"},
            "index": index,
            "column_level_names": [None],
            "header": [0],
        },
    }
    for stored in (new, old):
        pd.testing.assert_frame_equal(restore(stored), frame, check_dtype=False, check_index_type=False)
        assert str(restore(stored)["a"].dtype) == "int64"


def test_pandas_round_trips():
    multi = pd.DataFrame({("a", "x"): [1], ("b", "y"): [2]})
    indexed = pd.DataFrame({"v": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["p", "q"]))
    for frame in (multi, indexed, pd.DataFrame(), pd.DataFrame({"c": pd.Categorical(["a", "b"])})):
        pd.testing.assert_frame_equal(through_json(frame), frame, check_index_type=False, check_column_type=False)
    series = pd.Series([1.5, 2], name="z", index=["q", "w"])
    pd.testing.assert_series_equal(through_json(series), series)
    assert through_json(pd.Timestamp("2020-01-01")) == pd.Timestamp("2020-01-01")
    assert through_json(pd.NaT) is pd.NaT
