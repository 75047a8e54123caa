"""Text, images, tables and histograms: the files that are made of them, and how a run keeps those."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import struct
import sys
import tempfile
import zlib
from array import array
from collections import Counter
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.errors import HallowError, LogValueError
from hallow.records.encoding import restore, untag_nonfinite
from hallow.running.media import Media, artifact_name, histogram_file, image_file, table_file, text_file
from hallow.running.scalars import check_scalar, plain_scalar


class FakeRun:
    """Keeps what it is given, as a run does."""

    def __init__(self):
        self.artifacts = []
        self.paths = []
        self.run_logger = logging.getLogger("fake")

    def add_artifact(self, filename, name=None, metadata=None, content_type=None):
        self.paths.append(filename)
        with open(filename, "rb") as file:
            self.artifacts.append((name, file.read(), metadata, content_type))

    @property
    def names(self):
        return [name for name, *_ in self.artifacts]


def decoded_png(content):
    """Height, width, channels and pixels of a PNG file; checks its structure."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = [], 8
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        body = content[position + 4 : position + 8 + length]
        assert struct.unpack_from(">I", content, position + 8 + length) == (zlib.crc32(body),)
        chunks.append((body[:4], body[4:]))
        position += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    rows = zlib.decompress(chunks[1][1])
    assert len(rows) == height * (1 + width * channels)
    lines = [rows[start : start + 1 + width * channels] for start in range(0, len(rows), 1 + width * channels)]
    assert {line[0] for line in lines} == {0}
    return height, width, channels, b"".join(line[1:] for line in lines)


def pixels(image):
    content, extension, content_type, metadata = image_file("i", image, 3)
    assert (extension, content_type) == (".png", "image/png")
    assert metadata == {"kind": "image", "name": "i", "step": 3}
    return decoded_png(content)


def table(value, **kwargs):
    file = table_file("t", value, 3, **kwargs)
    assert file.metadata == {"kind": "table", "name": "t", "step": 3}
    data = json.loads(file.content, parse_constant=lambda text: pytest.fail(text))
    assert set(data) == {"columns", "rows"}
    return data["columns"], restore(untag_nonfinite(data["rows"]))


def histogram(values, **kwargs):
    file = histogram_file("h", values, 3, **kwargs)
    assert file.metadata == {"kind": "histogram", "name": "h", "step": 3}
    return json.loads(file.content, parse_constant=lambda text: pytest.fail(text))


def refused(call, *parts):
    with pytest.raises(LogValueError) as caught:
        call()
    assert all(isinstance(caught.value, kind) for kind in (HallowError, TypeError, ValueError))
    for part in parts:
        assert part in str(caught.value)


# ------------------------------------------------------------------------------------------------------------- text


def test_a_text_is_stored_as_utf8():
    file = text_file("t", "zwölf\n", 1)
    assert file == ("zwölf\n".encode(), ".txt", "text/plain; charset=utf-8", {"kind": "text", "name": "t", "step": 1})
    assert text_file("t", "file \udc80").content == rb"file \udc80"


@pytest.mark.parametrize("value", [b"bytes", 3, None, ["a"]])
def test_a_text_must_be_text(value):
    refused(lambda: text_file("t", value), "'t'", "None" if value is None else type(value).__name__, "str(value)")


@pytest.mark.parametrize("name", ["", "  ", 3, None])
def test_a_name_is_needed(name):
    for make in (text_file, image_file, table_file, histogram_file):
        refused(lambda: make(name, "x"), "takes a name first")


def test_steps_are_numbers_or_text():
    for step, stored in [(None, None), (2.5, 2.5), ("best", "best"), (np.int64(4), 4), (True, True)]:
        assert text_file("t", "x", step).metadata["step"] == stored
    for step in ([1], 1j, object()):
        refused(lambda: text_file("t", "x", step), "step", "'t'")


# ------------------------------------------------------------------------------------------------------------ images


def test_nested_lists_become_a_png():
    assert pixels([[0, 128, 255], [1, 2, 3]]) == (2, 3, 1, bytes([0, 128, 255, 1, 2, 3]))
    assert pixels([[[0], [7]]]) == (1, 2, 1, bytes([0, 7]))
    assert pixels(((0.0, 0.5), (1.0, 0.25))) == (2, 2, 1, bytes([0, 128, 255, 64]))
    assert pixels([[True, False]]) == (1, 2, 1, bytes([255, 0]))
    assert pixels([[[1, 2, 3, 4]]]) == (1, 1, 4, bytes([1, 2, 3, 4]))


@pytest.mark.parametrize(
    "dtype", ["uint8", "int64", "uint16", "float64", "float32", "float16", "bool", ">f8", "object"]
)
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_arrays_become_a_png(dtype, channels):
    shape = (4, 5) if channels is None else (4, 5, channels)
    levels = np.random.default_rng(1).integers(0, 256, shape).astype("uint8")
    if dtype == "bool":
        image, levels = levels > 127, (levels > 127) * np.uint8(255)
    elif "f" in dtype:
        image = (levels / 255).astype(dtype)
    else:
        image = levels.astype(dtype)
    assert pixels(image) == (4, 5, channels or 1, levels.tobytes())
    turned = image.swapaxes(0, 1)
    assert pixels(turned)[3] == levels.swapaxes(0, 1).tobytes()
    assert pixels(list(image)) == pixels(image)
    assert pixels(image.tolist()) == pixels(image)


def test_tensors_are_read_through_their_lists():
    tensor = SimpleNamespace(tolist=lambda: [[0.0, 1.0]])
    view = SimpleNamespace(numpy=lambda: np.array([[0, 255]], "uint8"))
    assert pixels(tensor) == pixels(view) == (1, 2, 1, bytes([0, 255]))
    assert pixels([[np.float32(0.5), np.uint8(1)]])[3] == bytes([128, 255])


def test_floats_a_little_out_of_range_are_clipped():
    assert pixels([[-0.05, 1.02, float("nan"), float("inf"), float("-inf")]])[3] == bytes([0, 255, 0, 255, 0])
    assert pixels(np.full((1, 2), np.nan))[3] == bytes(2)


def test_files_and_data_are_kept_as_they_are(tmp_path):
    content = image_file("i", [[1]]).content
    jpeg = b"\xff\xd8\xff\xe0rest"
    (tmp_path / "a.dat").write_bytes(content)
    (tmp_path / "b.JPG").write_bytes(jpeg)
    (tmp_path / "c.svg").write_bytes(b"<svg/>")
    assert image_file("i", str(tmp_path / "a.dat"))[:3] == (content, ".png", "image/png")
    assert image_file("i", tmp_path / "b.JPG")[:3] == (jpeg, ".jpg", "image/jpeg")
    assert image_file("i", tmp_path / "c.svg")[:3] == (b"<svg/>", ".svg", "image/svg+xml")
    for data in (content, bytearray(content), memoryview(content)):
        assert image_file("i", data)[:3] == (content, ".png", "image/png")
    assert image_file("i", b"RIFF1234WEBPrest")[1:3] == (".webp", "image/webp")


def test_figures_and_pil_images_save_themselves():
    content = image_file("i", [[1]]).content

    class Figure:
        def savefig(self, file, format):
            assert format == "png"
            file.write(content)

    class Picture:
        def save(self, file, format):
            assert format == "PNG"
            file.write(content)

    class Model:
        def save(self, file, format=None):
            file.write(b"weights")

    class Broken:
        def save(self, file, format=None):
            raise OSError("cannot write mode F as PNG")

    assert image_file("i", Figure())[:3] == image_file("i", Picture())[:3] == (content, ".png", "image/png")
    refused(lambda: image_file("i", Model()), "'i'", "Model", "does not save itself as PNG")
    refused(lambda: image_file("i", Broken()), "'i'", "cannot write mode F as PNG")


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("missing.png", ["missing.png", "No such file", "height x width"]),
        (b"nonsense", ["8 bytes that are neither PNG nor JPEG"]),
        (5, ["an int (5)"]),
        (None, ["None"]),
        ({"a": 1}, ["dict"]),
        ([1, 2, 3], ["shape (3,)"]),
        ([], ["shape (0,)"]),
        ([[], []], ["shape (2, 0)"]),
        ([[1, 2], [3]], ["different lengths"]),
        ([[1, 300]], ["ints from 1 to 300"]),
        ([[-1, 3]], ["ints from -1 to 3"]),
        ([[0.0, 254.0]], ["floats from 0 to 254", "scale or clip"]),
        ([[-1.0, 1.0]], ["floats from -1 to 1"]),
        ([["a", "b"]], ["a str ('a')"]),
        ([[1j]], ["complex"]),
        ([[1, [2]]], ["list of length 1"]),
        (np.zeros((3, 8, 9)), ["(3, 8, 9)", "permute(1, 2, 0)", "transpose"]),
        (np.zeros((2, 8, 9, 3)), ["(2, 8, 9, 3)", "one by one"]),
        (np.zeros((8, 9, 2)), ["(8, 9, 2)"]),
        (np.float32(1), ["numpy.float32"]),
        (pd.DataFrame({"a": [1]}), ["DataFrame"]),
    ],
)
def test_what_is_no_image_is_refused(image, parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda: image_file("i", image), "'i'", *parts)


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3, 4]), st.data())
def test_every_png_holds_its_pixels(height, width, channels, data):
    size = height * width * channels
    flat = data.draw(st.binary(min_size=size, max_size=size))
    image = np.frombuffer(flat, "uint8").reshape(height, width, channels)
    assert pixels(image) == pixels(image.tolist()) == (height, width, channels, flat)


# ------------------------------------------------------------------------------------------------------------ tables


def test_every_shape_of_table_is_the_same_table():
    rows = [[1, "a", None], [2, "b", 0.5]]
    expected = (["x", "y", "z"], rows)
    dicts = [{"x": 1, "y": "a"}, {"x": 2, "y": "b", "z": 0.5}]
    columns = {"x": [1, 2], "y": ("a", "b"), "z": [None, 0.5]}
    assert table(dicts) == table(iter(dicts)) == expected
    assert table(columns) == expected
    assert table({**columns, "x": np.array([1, 2]), "y": pd.Series(["a", "b"])}) == expected
    assert table(rows, header=["x", "y", "z"]) == expected
    assert table([tuple(row) for row in rows], header=("x", "y", "z")) == expected
    assert table(SimpleNamespace(to_dicts=lambda: dicts)) == expected
    assert table(columns, header=["z", "x"]) == (["z", "x"], [[None, 1], [0.5, 2]])


def test_data_frames_and_arrays():
    frame = pd.DataFrame({"x": [1, 2], "y": [0.5, float("nan")], "s": ["a", "b"]})
    columns, rows = table(frame)
    assert columns == ["x", "y", "s"]
    assert rows[0] == [1, 0.5, "a"]
    assert rows[1][1] != rows[1][1]
    assert table(np.array([[1, 2], [3, 4]]), header=["a", 7]) == (["a", "7"], [[1, 2], [3, 4]])
    assert table([np.array([1, 2])], header=["a", "b"]) == (["a", "b"], [[1, 2]])
    assert table(pd.DataFrame({"x": []})) == (["x"], [])


def test_cells_are_encoded_as_in_all_records():
    content = table_file("t", [{"x": float("inf"), "y": np.float32(0.5), "z": (1, 2)}]).content
    assert json.loads(content)["rows"] == [[{"py/float": "inf"}, 0.5, {"py/tuple": [1, 2]}]]
    assert table([]) == table({}) == ([], [])


@pytest.mark.parametrize(
    ("value", "kwargs", "parts"),
    [
        ("text", {}, ["a str ('text')", "list of dicts"]),
        (5, {}, ["an int (5)"]),
        ([[1, 2]], {}, ["2 columns", "header=[...]"]),
        ([[1, 2], [3]], {"header": ["a", "b"]}, ["row 1", "has 1 values", "2 names"]),
        ([{"a": 1}, [2]], {"header": ["a"]}, ["all be dicts or all be lists"]),
        (["ab"], {"header": ["a", "b"]}, ["a str ('ab')"]),
        ({"a": [1], "b": [1, 2]}, {}, ["a 1, b 2"]),
        ({"a": 1}, {}, ["'a'", "[{...}]"]),
        ({"a": "xyz"}, {}, ["'a'", "a str ('xyz')"]),
        ({"a": [1]}, {"header": ["b"]}, ["no column 'b'", "columns are a"]),
        ([[1]], {"header": "a"}, ["header", "a str ('a')"]),
        (pd.Series([1, 2]), {"header": ["a"]}, ["an int (1)"]),
    ],
)
def test_what_is_no_table_is_refused(value, kwargs, parts):
    refused(lambda: table_file("t", value, **kwargs), "'t'", *parts)


# -------------------------------------------------------------------------------------------------------- histograms


def test_a_histogram_counts():
    assert histogram([1, 2, 2.5, 4, 5], bins=4) == {
        "edges": [1, 2, 3, 4, 5],
        "counts": [1, 2, 0, 2],
        "nan": 0,
        "inf": 0,
        "-inf": 0,
        "count": 5,
        "min": 1,
        "max": 5,
        "mean": 2.9,
    }
    assert len(histogram(range(10))["counts"]) == 64


@pytest.mark.parametrize(
    "values",
    [
        [[1, 2], [3]],
        (1, 2, 3),
        {1, 2, 3},
        (number for number in (1, 2, 3)),
        np.array([[1, 2, 3]]),
        array("i", [1, 2, 3]),
        pd.Series([1, 2, 3]),
        [np.float32(1), Decimal(2), np.array(3)],
        [np.array([1, 2]), [[3.0]]],
        SimpleNamespace(numpy=lambda: np.array([1, 2, 3])),
    ],
)
def test_values_of_any_shape(values):
    assert histogram(values, bins=2)["counts"] == [1, 2]


def test_what_is_not_finite_is_counted_apart():
    nan, inf = float("nan"), float("inf")
    found = histogram([nan, inf, -inf, inf, 1.0, True], bins=np.int64(1))
    assert (found["nan"], found["inf"], found["-inf"], found["count"], found["counts"]) == (1, 2, 1, 6, [2])
    for values in ([], [nan, inf], np.array([])):
        found = histogram(values)
        assert (found["edges"], found["counts"], found["min"], found["max"], found["mean"]) == (
            [],
            [],
            None,
            None,
            None,
        )
        assert found["count"] == len(values)
    assert histogram(np.array([3.0]))["count"] == 1


@pytest.mark.parametrize("value", [0.0, 3, -2.5, 1e20, -1e300, sys.float_info.max, -sys.float_info.max, 5e-324])
def test_equal_values_lie_within_the_edges(value):
    found = histogram([value, value], bins=8)
    edges = found["edges"]
    assert edges == sorted(set(edges))
    assert len(edges) == 9
    assert edges[0] <= value <= edges[-1]
    assert sum(found["counts"]) == 2


@given(st.lists(st.floats() | st.integers(-5, 5) | st.booleans(), max_size=60), st.integers(1, 80))
def test_a_histogram_agrees_with_numpy(values, bins):
    found = histogram(values, bins=bins)
    numbers = np.array(values, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    assert found["nan"] == np.isnan(numbers).sum()
    assert found["inf"] == np.isposinf(numbers).sum()
    assert found["-inf"] == np.isneginf(numbers).sum()
    assert found["count"] == len(values)
    if not len(finite):
        return
    edges = found["edges"]
    assert len(edges) == bins + 1
    assert edges == sorted(edges)
    assert edges[0] <= finite.min() == found["min"]
    assert edges[-1] >= finite.max() == found["max"]
    assert sum(found["counts"]) == len(finite)
    assert found["counts"] == np.histogram(finite, bins=edges)[0].tolist()
    slack = max(abs(found["min"]), abs(found["max"])) * 1e-12
    assert found["min"] - slack <= found["mean"] <= found["max"] + slack


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 80))
def test_the_edges_are_those_of_numpy(values, bins):
    found = histogram(values, bins=bins)
    if max(values) - min(values) > 1e-6:
        assert found["edges"] == pytest.approx(np.histogram_bin_edges(values, bins).tolist(), rel=1e-12, abs=1e-9)
    assert found["mean"] == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "kwargs", "parts"),
    [
        (5, {}, ["an int (5)", "log_scalar('h', number)"]),
        ("123", {}, ["a str ('123')"]),
        ({"a": 1}, {}, ["dict", "d.values()", "log_table"]),
        ([1, None], {}, ["None", "float('nan')"]),
        ([1, "2"], {}, ["a str ('2')"]),
        ([1, 2j], {}, ["complex"]),
        ([10**400], {}, ["too large"]),
        ([1], {"bins": 0}, ["bins=1 or more", "an int (0)"]),
        ([1], {"bins": 2.5}, ["a float (2.5)"]),
        ([1], {"bins": True}, ["bool"]),
        ([1], {"bins": [1, 2]}, ["list"]),
    ],
)
def test_what_is_no_distribution_is_refused(values, kwargs, parts):
    refused(lambda: histogram_file("h", values, **kwargs), "'h'", *parts)


# -------------------------------------------------------------------------------------------------------- the run


@pytest.fixture
def run():
    return FakeRun()


def test_metrics_types(run):
    """Each kind, logged over three steps."""
    media = Media(run)
    for number in range(3):
        media.log_text("note", f"text {number}")
        media.log_image("sample", [[number]])
        media.log_table("confusion", {"a": [number]})
        media.log_histogram("weights", [number, number + 1], bins=2)
    assert Counter(metadata["kind"] for _, _, metadata, _ in run.artifacts) == dict.fromkeys(
        ["text", "image", "table", "histogram"], 3
    )
    assert run.names[-4:] == [
        "texts/note/00000002.txt",
        "images/sample/00000002.png",
        "tables/confusion/00000002.json",
        "histograms/weights/00000002.json",
    ]
    name, content, metadata, content_type = run.artifacts[4]
    assert (name, content, content_type) == ("texts/note/00000001.txt", b"text 1", "text/plain; charset=utf-8")
    assert metadata == {"kind": "text", "name": "note", "step": 1}


def test_no_file_stays_behind(run):
    media = Media(run)
    media.log_text("t", "x")

    def fail(path, **kwargs):
        run.paths.append(path)
        raise RuntimeError("no")

    run.add_artifact = fail
    with pytest.raises(RuntimeError):
        media.log_text("t", "x")
    assert len(run.paths) == 2
    assert not any(map(os.path.exists, run.paths))


def test_steps_go_on_from_the_last_one(run):
    media = Media(run)
    for step in (None, None, 10, None, 2, None, 0.5, None, "best", None):
        media.log_text("t", "x", step)
    media.log_text("other", "x")
    media.log_image("t", [[1]])
    steps = [metadata["step"] for _, _, metadata, _ in run.artifacts]
    assert steps == [0, 1, 10, 11, 2, 3, 0.5, 1.5, "best", 2.5, 0, 0]
    assert run.names[8:10] == ["texts/t/best.txt", "texts/t/2.5.txt"]


def test_a_refused_value_takes_no_step(run):
    media = Media(run)
    with pytest.raises(LogValueError):
        media.log_text("t", 5)
    media.log_text("t", "x")
    assert run.names == ["texts/t/00000000.txt"]


def test_steps_go_on_after_a_resume(run):
    first = Media(run)
    first.log_text("t", "x")
    first.log_image("i", [[1]], 7)
    stored = [metadata for _, _, metadata, _ in run.artifacts]
    second, third = Media(run), Media(run)
    second.go_on_after([None, {"mine": 1}, *stored])
    third.next_steps = json.loads(json.dumps(first.next_steps))
    for media in (second, third):
        media.log_text("t", "x")
        media.log_image("i", [[1]])
        assert run.names[-2:] == ["texts/t/00000001.txt", "images/i/00000008.png"]


def test_names_are_safe_and_stay_apart():
    names = [
        "a/b",
        "a_b",
        "../x",
        ".",
        "..",
        ".x",
        "x.",
        "aux",
        "CON.txt",
        "a b",
        "ä",
        "x" * 300,
        "y\0z",
        "a\\b",
        "-",
        "é" * 90,
    ]
    made = [artifact_name(text_file(name, "x", 3)) for name in names]
    assert len(set(made)) == len(names)
    for name in made:
        folder, middle, last = name.split("/")
        assert (folder, last) == ("texts", "00000003.txt")
        assert not middle.startswith(".")
        assert not {*middle} & set('\\:*?"<>| \0')
        assert len(os.fsencode(middle)) < 250
    assert made[1] == "texts/a_b/00000003.txt"
    assert made[10] == "texts/ä/00000003.txt"


@pytest.mark.parametrize(
    ("step", "label"), [(3, "00000003"), (-3, "-0000003"), (True, "00000001"), (0.25, "0.25"), (Decimal("1.5"), "1.5")]
)
def test_the_step_is_in_the_name(step, label):
    assert artifact_name(text_file("t", "x", step)) == f"texts/t/{label}.txt"


def test_odd_steps_have_names_too():
    names = [artifact_name(text_file("t", "x", step)) for step in ("a/b", "..", "", 10**300, float("nan"))]
    assert len(set(names)) == 5
    assert all(name.count("/") == 2 and ".." not in name and len(name) < 100 for name in names)


def test_a_full_disk_does_not_end_the_run(run, monkeypatch, caplog):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    media = Media(run)
    for _ in range(3):
        media.log_text("t", "x")
    assert run.artifacts == []
    assert len(caplog.records) == 1
    assert "No space left on device" in caplog.text
    assert "'t'" in caplog.text


def test_values_may_change_after_the_call(run):
    values = [1, 2]
    media = Media(run)
    media.log_histogram("h", values)
    values.clear()
    assert json.loads(run.artifacts[0][1])["count"] == 2


# ----------------------------------------------------------------------------------------------------------- scalars


class OneElement:
    def item(self):
        return 2.5


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1, 1),
        (0.5, 0.5),
        (True, True),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.0), 2.0),
        (np.array([[7]]), 7),
        (pd.Series([1.5]), 1.5),
        (OneElement(), 2.5),
        (SimpleNamespace(numpy=lambda: np.float32(1)), 1.0),
        (Decimal("1.5"), Decimal("1.5")),
        (np.complex128(1j), 1j),
    ],
)
def test_scalars_of_all_kinds(value, plain):
    assert check_scalar("m", value) == plain_scalar(value) == plain
    assert type(check_scalar("m", value)) is type(plain)


def test_nan_is_a_scalar():
    assert check_scalar("m", np.float64("nan")) != 0


def test_arrays_are_plain_lists():
    assert plain_scalar(np.array([[1, 2]])) == [[1, 2]]
    thing = object()
    assert plain_scalar(thing) is thing


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (np.zeros((2, 3)), ["a numpy.ndarray of shape (2, 3)", "log_histogram('m', values)"]),
        (np.zeros(0), ["shape (0,)"]),
        (pd.Series([1, 2]), ["pandas.Series of shape (2,)", "log_histogram"]),
        ([1.0], ["a list of length 1", "log_histogram"]),
        ((1, 2), ["a tuple of length 2"]),
        ({"loss": 1}, ["a dict of length 1", "log_scalar('m.loss', ...)", "log_table('m', [entries])"]),
        ({}, ["a dict of length 0"]),
        ("0.5", ["a str ('0.5')", "log_text('m', text)", "float(text)"]),
        (np.str_("a"), ["str", "log_text"]),
        (b"x", ["a bytes (b'x')"]),
        (None, ["None", "float('nan')"]),
        (pd.DataFrame({"a": [1]}), ["pandas.DataFrame of shape (1, 1)", "log_table('m', table)"]),
        (SimpleNamespace(savefig=print), ["SimpleNamespace", "log_image('m', image)"]),
        (object(), ["an object", "float(value)"]),
        (np.datetime64("2020-01-01"), ["numpy.datetime64"]),
    ],
)
def test_what_is_no_scalar_is_refused(value, parts):
    refused(lambda: check_scalar("m", value), "the metric 'm'", *parts)


def test_messages_stay_short():
    with pytest.raises(LogValueError) as caught:
        check_scalar("m", "x" * 100_000)
    assert len(str(caught.value)) < 300


def test_pil_and_matplotlib(tmp_path):
    image = pytest.importorskip("PIL.Image").new("RGB", (3, 2), (1, 2, 3))
    assert image_file("i", image).content[:4] == b"\x89PNG"
    assert np.asarray(
        pytest.importorskip("PIL.Image").open(io.BytesIO(image_file("i", [[1, 2]]).content))
    ).tolist() == [[1, 2]]
