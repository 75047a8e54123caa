"""What a record read by hallow from a store of Sacred must say, by expected.json."""

from __future__ import annotations

import math
import sys
from base64 import b64decode
from pathlib import Path

from hallow.errors import HallowError
from hallow.records.described import Described
from test_formats_fixtures import EXPECTED, RUNS, kept, told

__all__ = ["EXPECTED", "HERE", "check", "looked_at", "runs_of"]

HERE = Path(__file__).resolve().parent / "sacred_0_8_7"


def runs_of(kind: str) -> list[tuple[str, str]]:
    """Store and run of every fixture of a kind."""
    return [(store, run) for store, run in RUNS if EXPECTED["stores"][store]["kind"] == kind]


def check(record, store: str, run: str) -> None:
    """Everything that this kind of store keeps of the run."""
    wanted = told(store, run)
    assert record.problem == ""
    assert record.status == wanted["status"]
    assert alike(record.config, wanted["config"]), (record.config, wanted["config"])
    info = {name: value for name, value in record.info.items() if name != "metrics"}
    if EXPECTED["stores"][store]["kind"] in ("file", "s3") and "right" in info:
        # A reference to `left` by its number, which the sorted keys of the file have made void.
        assert info.pop("right").kind == "reference"
        wanted["info"] = {name: value for name, value in wanted["info"].items() if name != "right"}
    assert alike(info, wanted["info"]), (info, wanted["info"])
    assert alike(record.result, wanted["result"]), (record.result, wanted["result"])
    assert record.name == wanted["experiment"]
    assert record.command == wanted["command"]
    if "printed" not in wanted["lost"] and record.status not in ("QUEUED",):
        assert _settled(wanted["printed"]) in _settled(record.output)
    if kept(store, "metrics"):
        _check_metrics(record, wanted)
    _check_files(record, store, wanted)
    if record.status == "FAILED":
        assert wanted["fails_with"] in "".join(record.fail_trace)
    assert record.start_time is None if record.status == "QUEUED" else record.start_time.tzinfo is not None


def _settled(text: str) -> str:
    """Without the traces of a progress bar, which each program settles in its own way."""
    return "".join(line.rpartition("\r")[2] + "\n" for line in text.splitlines() if line.strip())


def _check_metrics(record, wanted) -> None:
    metrics = record.metrics
    assert list(metrics) == list(wanted["metrics"]) or set(metrics) == set(wanted["metrics"])
    for name, pairs in wanted["metrics"].items():
        assert alike(metrics[name].steps, [step for step, _ in pairs])
        assert alike(metrics[name].values, [value for _, value in pairs]), (metrics[name].values, pairs)
        assert len(metrics[name].times) == len(pairs)
        assert all(1.7e9 < time < 2e9 for time in metrics[name].times)


def _check_files(record, store, wanted) -> None:
    for name, artifact in wanted["artifacts"].items():
        file = record.artifact(name)
        assert file.read_bytes() == b64decode(artifact["content"]["$bytes"])
        if kept(store, "metadata"):
            assert file.metadata == artifact["metadata"]
    if kept(store, "resources"):
        found = {Path(file.name).name: file for file in record.resources}
        for name, content in wanted["resources"].items():
            assert found[name].read_bytes() == b64decode(content["$bytes"])
    assert sorted(file.name for file in record.sources) == sorted(wanted["sources"])
    for file in record.sources:
        source = EXPECTED["sources"][file.name]
        assert file.md5 == source["md5"]
        assert file.read_text() == source["text"]


def looked_at(records) -> None:
    """Ask each for everything that it can be asked for; a damaged part is an error of ours, never another one."""
    for record in records:
        assert isinstance(record.problem, str)
        for ask in (
            lambda: record.output,
            lambda: record.tail(3),
            lambda: record.metrics,
            lambda: record.contents.count_points(),
            lambda: record.details,
            lambda: [file.read_bytes() for file in (*record.sources, *record.resources, *record.artifacts)],
            lambda: repr(record),
        ):
            try:
                ask()
            except (HallowError, FileNotFoundError):
                pass


def alike(value, wanted) -> bool:
    """Whether a value read is one told, which stands in the form of ``making/tagging.py``."""
    if isinstance(wanted, dict) and len(wanted) == 1 and next(iter(wanted)).startswith("$"):
        ((tag, content),) = wanted.items()
        return _TAGS[tag](value, content)
    if isinstance(wanted, dict):
        return isinstance(value, dict) and set(value) == set(wanted) and all(alike(value[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(alike, value, wanted))
    return type(value) is type(wanted) and value == wanted


def _float(value, text) -> bool:
    return isinstance(value, float) and (math.isnan(value) if text == "nan" else value == float(text))


def _map(value, pairs) -> bool:
    def same_key(key, told_key):
        return alike(key, told_key) and not (isinstance(key, bool) ^ isinstance(told_key, bool))

    return len(value) == len(pairs) and all(
        any(same_key(key, told_key) and alike(item, told_item) for key, item in value.items())
        for told_key, told_item in pairs
    )


def _array(value, told_array) -> bool:
    flat = value.ravel().tolist() if hasattr(value, "ravel") else None
    return (
        str(value.dtype) == told_array["dtype"]
        and list(value.shape) == told_array["shape"]
        and alike(flat, told_array["values"])
    )


def _frame(value, told_frame) -> bool:
    return list(value) == list(told_frame["columns"]) and all(
        alike(value[name].tolist(), column) for name, column in told_frame["columns"].items()
    )


def _object(value, told_object) -> bool:
    """A description, or a value of a plain kind; nothing of the user's classes is there to be made."""
    assert "net" not in sys.modules
    if isinstance(value, Described):
        return value.name == told_object["class"]
    if isinstance(value, tuple):
        value = list(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    state = told_object["state"]
    return (
        text == state
        or alike(list(value.items()) if isinstance(value, dict) else value, state)
        or (isinstance(value, dict) and alike([list(item) for item in value.items()], state))
    )


_TAGS = {
    "$float": _float,
    "$tuple": lambda value, items: isinstance(value, tuple) and alike(list(value), items),
    "$set": lambda value, items: isinstance(value, set) and alike(sorted(value), sorted(items)),
    "$bytes": lambda value, text: value == b64decode(text),
    "$map": _map,
    "$number": lambda value, number: (
        value == number["value"] and str(getattr(value, "dtype", "")) in ("", number["dtype"])
    ),
    "$array": _array,
    "$frame": _frame,
    "$series": lambda value, series: value.name == series["name"] and alike(value.tolist(), series["values"]),
    "$class": lambda value, name: isinstance(value, Described) and value.name == name,
    "$function": lambda value, name: isinstance(value, Described) and value.name == name,
    "$object": _object,
}
