"""Read the fixtures with json, sqlite3 and bson alone, to see that they hold what expected.json says.

Not a reader to copy: it trusts the fixtures and knows nothing but what they contain.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from base64 import b64decode
from csv import DictReader
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

__all__ = ["READERS", "Raw", "as_tinydb", "mongo_collection", "plain", "tagged_flat", "tagged_plain"]


@dataclass
class Raw:
    """One run as a store has it; ``None`` for what this kind of store does not keep.

    ``config``, ``info`` and ``result`` are tagged as in expected.json.
    """

    id: Any
    status: str
    command: str
    experiment: str
    config: Any
    info: Any = None
    result: Any = None
    output: str | None = None
    metrics: dict[str, Any] | None = None
    artifacts: dict[str, bytes] = field(default_factory=dict)
    resources: dict[str, bytes] | None = None
    sources: dict[str, bytes] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    fail_trace: list[str] | None = None
    heartbeat: Any = None
    document: Any = None


# ------------------------------------------------------------------------------------------------ values


def tagged_plain(value: Any) -> Any:
    """Plain JSON in the notation of expected.json."""
    if isinstance(value, float) and not isfinite(value):
        return {"$float": str(value)}
    if isinstance(value, list):
        return [tagged_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: tagged_plain(item) for key, item in value.items()}
    return value


def tagged_flat(value: Any) -> Any:
    """What the serializer wrote, in the notation of expected.json."""
    if isinstance(value, list):
        return [tagged_flat(item) for item in value]
    if not isinstance(value, dict):
        return tagged_plain(value)
    for tag, read in _TAGS.items():
        if tag in value:
            return read(value)
    if any(key.startswith("json://") for key in value):
        return {"$map": [[_key(key), tagged_flat(item)] for key, item in value.items()]}
    return {key: tagged_flat(item) for key, item in value.items()}


def _key(key: str) -> Any:
    return tagged_flat(json.loads(key.removeprefix("json://"))) if key.startswith("json://") else key


def _reduced(flat: dict) -> Any:
    kind, arguments, *rest = flat["py/reduce"]
    arguments = arguments["py/tuple"]
    name = kind["py/type"]
    if name == "collections.OrderedDict":
        state: Any = [item["py/tuple"] for item in rest[2]["py/tuple"]]
    elif name == "datetime.timedelta":
        state = str(timedelta(*arguments))
    else:
        state = "/".join(arguments)
    return {"$object": {"class": name, "state": state}}


def _object(flat: dict) -> Any:
    name = flat["py/object"]
    library, _, kind = name.partition(".")
    if name == "numpy.ndarray":
        return _array(flat)
    if library == "numpy":
        return {"$number": {"dtype": flat["dtype"], "value": tagged_plain(flat["value"])}}
    if library == "pandas":
        return _frame(flat) if kind.endswith("DataFrame") else _series(flat)
    if "py/seq" in flat:
        state = flat["py/seq"]
    elif name == "datetime.datetime":
        state = _moment(b64decode(flat["__reduce__"][1][0]))
    elif name == "builtins.complex":
        state = str(complex(*flat["py/newargs"]["py/tuple"]))
    elif name == "uuid.UUID":
        state = "{0}-{1}-{2}-{3}-{4}".format(
            *(flat["hex"][a:b] for a, b in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)])
        )
    else:
        state = {key: tagged_flat(item) for key, item in flat.items() if not key.startswith("py/")}
    return {"$object": {"class": name, "state": state}}


def _moment(state: bytes) -> str:
    year, rest, micro = int.from_bytes(state[:2], "big"), state[2:7], int.from_bytes(state[7:], "big")
    month, day, hour, minute, second = rest
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}"


def _array(flat: dict) -> Any:
    import numpy as np

    values = flat["values"]
    if isinstance(values, str):
        dtype = np.dtype(flat["dtype"]).newbyteorder(flat.get("byteorder", "="))
        array = np.frombuffer(zlib.decompress(b64decode(values)), dtype).reshape(flat["shape"])
    else:
        array = np.array(values, dtype=flat["dtype"]).reshape(flat.get("shape", np.shape(values)))
    values = [tagged_plain(item) for item in array.ravel().tolist()]
    return {"$array": {"dtype": flat["dtype"], "shape": list(array.shape), "values": values}}


def _frame(flat: dict) -> Any:
    index = json.loads(flat["meta"]["index"])
    if flat["values"].startswith("{"):
        columns = json.loads(flat["values"])
    else:
        index = json.loads(index["values"])
        rows = list(DictReader(StringIO(flat["values"])))
        kinds = {"int64": int, "float64": lambda text: float(text or "nan"), "object": str}
        columns = {name: [kinds[kind](row[name]) for row in rows] for name, kind in flat["meta"]["dtypes"].items()}
    return {"$frame": {"columns": tagged_plain(columns), "index": index}}


def _series(flat: dict) -> Any:
    values = _array(flat["values"])["$array"]["values"]
    return {"$series": {"name": flat["name"], "values": values, "index": json.loads(flat["index"]["values"])}}


_TAGS = {
    "py/tuple": lambda flat: {"$tuple": tagged_flat(flat["py/tuple"])},
    "py/set": lambda flat: {"$set": tagged_flat(flat["py/set"])},
    "py/b64": lambda flat: {"$bytes": flat["py/b64"]},
    "py/type": lambda flat: {"$class": flat["py/type"]},
    "py/function": lambda flat: {"$function": flat["py/function"]},
    "py/id": lambda flat: {"$id": flat["py/id"]},
    "py/reduce": _reduced,
    "py/object": _object,
}


def plain(tagged: Any) -> Any:
    """What ``tagged_plain`` was given."""
    if isinstance(tagged, list):
        return [plain(item) for item in tagged]
    if isinstance(tagged, dict):
        return float(tagged["$float"]) if "$float" in tagged else {key: plain(item) for key, item in tagged.items()}
    return tagged


def as_tinydb(told: Any) -> Any:
    """A value of expected.json as TinyDB stores it: plain JSON and tagged texts."""
    if isinstance(told, list):
        return [as_tinydb(item) for item in told]
    if not isinstance(told, dict) or "$float" in told:
        return told
    if "$tuple" in told:
        return as_tinydb(told["$tuple"])
    if "$map" in told:
        return {str(key): as_tinydb(item) for key, item in told["$map"]}
    if "$number" in told:
        return told["$number"]["value"]
    if "$array" in told:
        return "{TinyArray}:" + json.dumps(_nested(plain(told["$array"]["values"]), told["$array"]["shape"]))
    if "$series" in told:
        return "{TinySeries}:" + _by_index(told["$series"]["values"], told["$series"]["index"])
    if "$frame" in told:
        frame = told["$frame"]
        columns = (f'"{name}":{_by_index(values, frame["index"])}' for name, values in frame["columns"].items())
        return f"{{TinyDataFrame}}:{{{','.join(columns)}}}"
    return {key: as_tinydb(item) for key, item in told.items()}


def _nested(values: list, shape: list[int]) -> list:
    if len(shape) == 1:
        return values
    step = len(values) // shape[0] if shape[0] else 0
    return [_nested(values[number * step : (number + 1) * step], shape[1:]) for number in range(shape[0])]


def _by_index(values: list, index: list) -> str:
    found = {str(key): None if isinstance(value, dict) else value for key, value in zip(index, values, strict=True)}
    return json.dumps(found, separators=(",", ":"))


# ------------------------------------------------------------------------------------------------ stores


def file_run(path: Path, run_id: str, run_dir: Path | None = None) -> Raw:
    """A run of a file store; also of the objects of a bucket, where the copies lie elsewhere."""
    folder = path / run_id
    run = json.loads((folder / "run.json").read_text("utf-8"))
    copies = run_dir or path
    queued = run["status"] == "QUEUED"

    def part(name: str, missing: Any) -> Any:
        return json.loads((folder / name).read_text("utf-8")) if (folder / name).exists() else missing

    sources = [pair["py/tuple"] if queued else pair for pair in run["experiment"]["sources"]]
    cout = folder / "cout.txt"
    return Raw(
        id=folder.name,
        status=run["status"],
        command=run["command"],
        experiment=run["experiment"]["name"],
        config=tagged_flat(part("config.json", None)),
        info=tagged_flat(part("info.json", {})),
        result=tagged_flat(run.get("result")),
        output=cout.read_bytes().decode("utf-8") if cout.exists() else None,
        metrics=part("metrics.json", None),
        artifacts={name: (folder / name).read_bytes() for name in run.get("artifacts", [])},
        resources={
            Path(name).name: (copies / "_resources" / Path(stored).name).read_bytes()
            for name, stored in run.get("resources", [])
        },
        sources={
            name: (folder / Path(name).name if queued else copies / stored).read_bytes() for name, stored in sources
        },
        meta=run["meta"],
        fail_trace=run.get("fail_trace"),
        heartbeat=run.get("heartbeat"),
        document=run,
    )


def s3_run(path: Path, run_id: Any) -> Raw:
    """Sources and resources lie below the folder of the run, under the whole key once more."""
    return file_run(path, str(run_id), path / str(run_id) / "lab" / "runs")


def tinydb_run(path: Path, run_id: str) -> Raw:
    table = json.loads((path / "metadata.json").read_text("utf-8"))["runs"]
    (run,) = (entry for entry in table.values() if entry["_id"] == run_id)

    def content(digest: str) -> bytes:
        return (path / "hashfs" / digest[:2] / digest[2:4] / digest[4:6] / digest[6:]).read_bytes()

    return Raw(
        id=run["_id"],
        status=run["status"],
        command=run["command"],
        experiment=run["experiment"]["name"],
        config=tagged_plain(run["config"]),
        info=tagged_plain(run["info"]),
        result=tagged_plain(run.get("result")),
        output=run["captured_out"],
        artifacts={name: content(digest) for name, _, digest, _ in run["artifacts"]},
        resources={Path(name).name: content(digest) for name, digest, _ in run["resources"]},
        sources={name: content(digest) for name, digest, _ in run["experiment"]["sources"]},
        meta=run["meta"],
        fail_trace=run.get("fail_trace"),
        heartbeat=run["heartbeat"],
        document=run,
    )


def sql_run(path: Path, run_id: str) -> Raw:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row

    def rows(query: str, *values: Any) -> list[sqlite3.Row]:
        return list(connection.execute(query, values))

    try:
        (run,) = rows("SELECT * FROM run JOIN experiment USING (experiment_id) WHERE run_id = ?", run_id)
        sources = rows(
            "SELECT filename, content FROM source JOIN experiments_sources USING (source_id) WHERE experiment_id = ?",
            run["experiment_id"],
        )
        resources = rows(
            "SELECT filename, content FROM resource JOIN runs_resources USING (resource_id) WHERE run_id = ?", run_id
        )
        artifacts = rows("SELECT filename, content FROM artifact WHERE run_id = ?", run_id)
    finally:
        connection.close()
    return Raw(
        id=run["run_id"],
        status=run["status"],
        command=run["command"],
        experiment=run["name"],
        config=tagged_flat(json.loads(run["config"])),
        info=None if run["info"] is None else tagged_flat(json.loads(run["info"])),
        result=tagged_plain(run["result"]),
        output=run["captured_out"],
        artifacts=dict(map(tuple, artifacts)),
        resources={Path(name).name: content for name, content in map(tuple, resources)},
        sources={name: content.encode() for name, content in map(tuple, sources)},
        meta={"comment": run["comment"], "priority": run["priority"]},
        fail_trace=run["fail_trace"] and run["fail_trace"].split("\n"),
        heartbeat=run["heartbeat"],
        document=dict(run),
    )


def mongo_collection(path: Path, name: str) -> list[dict]:
    """The documents of one collection."""
    from bson import json_util

    lines = (path / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json_util.loads(line, json_options=json_util.CANONICAL_JSON_OPTIONS) for line in lines]


def mongo_run(path: Path, run_id: Any) -> Raw:
    (run,) = (document for document in mongo_collection(path, "runs") if document["_id"] == run_id)
    chunks = mongo_collection(path, "fs.chunks")

    def content(file_id: Any) -> bytes:
        mine = [chunk for chunk in chunks if chunk["files_id"] == file_id]
        return b"".join(bytes(chunk["data"]) for chunk in sorted(mine, key=lambda chunk: chunk["n"]))

    info = {key: value for key, value in run.get("info", {}).items() if key != "metrics"}
    return Raw(
        id=run["_id"],
        status=run["status"],
        command=run["command"],
        experiment=run["experiment"]["name"],
        config=tagged_flat(run["config"]),
        info=tagged_flat(info),
        result=tagged_flat(run.get("result")),
        output=run.get("captured_out"),
        metrics={m["name"]: m for m in mongo_collection(path, "metrics") if m["run_id"] == run_id},
        artifacts={entry["name"]: content(entry["file_id"]) for entry in run.get("artifacts", [])},
        sources={name: content(file_id) for name, file_id in run["experiment"]["sources"]},
        meta=run["meta"],
        fail_trace=run.get("fail_trace"),
        heartbeat=run.get("heartbeat"),
        document=run,
    )


#: Kind of store -> how to read one run of it.
READERS = {"file": file_run, "s3": s3_run, "tinydb": tinydb_run, "sql": sql_run, "mongo": mongo_run}
