"""JSON files: strict, complete at every moment."""

from __future__ import annotations

import json
import math
import os
import threading

import pytest

from hallow.records.jsonfile import create_file, dump_json, load_json, read_json, write_json


def test_layout(tmp_path):
    write_json(tmp_path / "a.json", {"b": [1], "a": "\u00e9"})
    assert (tmp_path / "a.json").read_bytes() == b'{\n  "a": "\\u00e9",\n  "b": [\n    1\n  ]\n}'
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_nan_json(tmp_path):
    """Files are strict JSON; numbers that are not finite come back as floats."""
    path = tmp_path / "a.json"
    write_json(path, {"v": [math.nan, math.inf, -math.inf]})

    def refuse(name):
        raise ValueError(name)

    strict = json.loads(path.read_text(), parse_constant=refuse)
    assert strict == {"v": [{"py/float": "nan"}, {"py/float": "inf"}, {"py/float": "-inf"}]}
    back = read_json(str(path))["v"]
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]


def test_bare_numbers_on_request(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"v": [math.nan]}, strict=False)
    assert "NaN" in path.read_text()
    assert math.isnan(read_json(path)["v"][0])


def test_a_failure_leaves_the_old_content(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_json(tmp_path / "folder", {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "folder"]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_several_who_create_a_file_one_succeeds_and_readers_see_it_whole(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.delattr(os, "link")
    path, made, seen = tmp_path / "a", [], []
    together = threading.Barrier(9)

    def create(number):
        together.wait()
        try:
            create_file(path, b"%d" % number * 100_000)
            made.append(number)
        except FileExistsError:
            seen.append(path.read_bytes())

    threads = [threading.Thread(target=create, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert path.read_bytes() == b"%d" % made[0] * 100_000
    if links:
        assert seen == [path.read_bytes()] * 7
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_text_forms():
    assert load_json(dump_json({"a": math.inf})) == {"a": math.inf}
    with pytest.raises(ValueError, match="Expecting"):
        load_json("{")
