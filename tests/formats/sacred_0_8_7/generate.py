"""Write the fixtures of this folder: one set of small experiments, recorded by Sacred 0.8.7 in every store it has.

Run by hand, with an interpreter that has Sacred; never by the tests. Sacred is used as its users use it, by the command
line. What is recorded is told in ``making/told.py`` and carried out by ``making/project``; expected.json is written
from ``told.py`` too, not from what the stores hold.

An interpreter in a neutral place, because stored tracebacks name its folder::

    python3.11 -m venv /tmp/venv
    /tmp/venv/bin/pip install sacred==0.8.7 "setuptools<80" numpy pandas jsonpickle mako GitPython sqlalchemy \
        pymongo secantusdb==0.7.0b3 tinydb tinydb-serialization hashfs boto3 "moto[server,s3]"

Interpreters for the older spellings of pandas values::

    /tmp/venv-pandas-2/bin/pip install sacred==0.8.7 "setuptools<80" "pandas<3" "jsonpickle>=4" ...
    /tmp/venv-jsonpickle-3/bin/pip install sacred==0.8.7 "setuptools<80" "numpy<2" "pandas<3" jsonpickle==3.0.2 \
        tinydb tinydb-serialization hashfs

And then::

    /tmp/venv/bin/python generate.py --variant pandas_2=/tmp/venv-pandas-2/bin/python \
        --variant jsonpickle_3_0=/tmp/venv-jsonpickle-3/bin/python

The runs work in /tmp/project, which must not exist; it is removed at the end. Two minutes. All stores are written anew.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5, sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAKING = HERE / "making"
PROJECT = Path("/tmp/project")
AIDS = Path("/tmp/project-aids")
sys.dont_write_bytecode = True
sys.path[:0] = [str(MAKING), str(MAKING / "project")]

from deviations import DEVIATIONS, KINDS  # noqa: E402
from tagging import tagged  # noqa: E402
from told import RUNS, SEED  # noqa: E402

ALL = list(RUNS)
STORED_BY_SACRED = ["sacred", "numpy", "pandas", "jsonpickle", "pymongo", "tinydb", "tinydb-serialization", "hashfs",
                    "SQLAlchemy", "boto3", "moto", "SecantusDB", "Mako"]  # fmt: skip


@dataclass
class Store:
    """One store to write: what opens it, which runs it gets, in this order."""

    name: str
    kind: str
    path: str
    option: str
    value: str
    runs: list[str]
    python: str = sys.executable
    beat: str | None = "0.4"
    environment: dict[str, str] = field(default_factory=dict)
    ids: dict[str, object] = field(default_factory=dict)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--variant", action="append", default=[], metavar="NAME=PYTHON", help="other packages")
    variants = dict(text.split("=", 1) for text in arguments.parse_args().variant)
    if PROJECT.exists() or AIDS.exists():
        sys.exit(f"{PROJECT} or {AIDS} exists: remove it first.")
    try:
        prepare()
        stores = [*plain_stores(), *variant_stores(variants)]
        for store in stores:
            record(store)
            collect(store)
        with mongo_server() as address:
            stores.append(store := mongo_store(address))
            record(store)
            dump_mongo(address, store)
        with s3_server() as environment:
            stores.append(store := s3_store(environment))
            record(store)
            dump_s3(environment, store)
        write_expected(stores, variants)
        write_digests()
    finally:
        for folder in (PROJECT, AIDS):
            shutil.rmtree(folder, ignore_errors=True)
    report(stores)


def prepare() -> None:
    """The project in its neutral place, and beside it what must not be recorded as its source."""
    shutil.copytree(MAKING / "project", PROJECT, ignore=shutil.ignore_patterns("__pycache__"))
    (PROJECT / "made").mkdir()
    for run in RUNS.values():
        for name, content in run["resources"].items():
            (PROJECT / name).write_bytes(content)
    (PROJECT / "runs").mkdir()
    shutil.copy(MAKING / "template.html", PROJECT / "runs")
    AIDS.mkdir()
    for name in ("told.py", "sitecustomize.py"):
        shutil.copy(MAKING / name, AIDS)


# ------------------------------------------------------------------------------------------------ which runs where


def plain_stores() -> list[Store]:
    """Where one run makes a store useless to Sacred, that run has a store of its own, after a harmless one."""
    without = [key for key in ALL if key not in {"queued", "custom_status"}]
    tiny = [key for key in ALL if key not in {"queued", "objects", "frames"}]
    return [
        Store("file", "file", "file", "-F", "runs", ALL),
        Store("tinydb", "tinydb", "tinydb", "-t", "tiny", tiny),
        Store("tinydb_frames", "tinydb", "tinydb_frames", "-t", "tiny_frames", ["empty", "frames"]),
        sql_store("sql", "sacred", without),
        sql_store("sql_queued", "queued", ["empty", "queued"]),
        sql_store("sql_custom_status", "custom_status", ["empty", "custom_status"]),
    ]


def sql_store(name: str, file: str, runs: list[str]) -> Store:
    return Store(name, "sql", f"sql/{file}.sqlite", "-s", f"sqlite:///{file}.sqlite", runs)


def variant_stores(variants: dict[str, str]) -> list[Store]:
    stores = []
    for name, python in variants.items():
        folder = f"file_{name}"
        stores.append(Store(folder, "file", folder, "-F", folder, ["arrays", "frames", "scalars", "objects"], python))
        if packages(python).get("tinydb") is None:
            continue
        folder = f"tinydb_{name}"
        stores.append(Store(folder, "tinydb", folder, "-t", folder, ["frames", "arrays"], python))
    return stores


def mongo_store(address: str) -> Store:
    return Store("mongo", "mongo", "mongo", "-m", f"{address}:sacred", ALL)


def s3_store(environment: dict[str, str]) -> Store:
    # A beat replaces the captured output by what is new: the one at the end only, where the run lives to see it.
    return Store("s3", "s3", "s3/sacred-store/lab/runs", "-S", "s3://sacred-store/lab/runs", ALL, beat=None,
                 environment=environment)  # fmt: skip


# ------------------------------------------------------------------------------------------------ running


def record(store: Store) -> None:
    """Run everything, one process per run, and keep the id each was given."""
    for key in store.runs:
        run = RUNS[key]
        command = [store.python, run["script"], *([run["command"]] if run["command"] != "main" else [])]
        value = f"{PROJECT}/{store.value}" if key == "evaluated" and store.kind == "file" else store.value
        command += [store.option, value, *extra(store, key), *run["arguments"]]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env={"PATH": os.defpath, "PYTHONPATH": str(AIDS), "PYTHONDONTWRITEBYTECODE": "1", **store.environment},
            capture_output=True,
            timeout=120,
        )
        output = done.stdout.decode() + done.stderr.decode()
        started = re.search(r'run with ID "(.*?)"', output)
        store.ids[key] = started and id_of(started[1], store.kind)
        print(f"{store.name:20} {key:14} id {store.ids[key]!r}, exit {done.returncode}")
        if not started:
            print(output)


def extra(store: Store, key: str) -> list[str]:
    beat = "0.4" if RUNS[key]["status"] == "RUNNING" else store.beat
    return [*(["--beat-interval", beat] if beat else []), *(["--queue"] if RUNS[key]["status"] == "QUEUED" else [])]


def id_of(text: str, kind: str) -> object:
    return int(text) if kind in {"mongo", "s3"} and text.isdigit() else text


# ------------------------------------------------------------------------------------------------ bringing home


def fresh(path: Path) -> Path:
    """``path`` without what an earlier call has written there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def collect(store: Store) -> None:
    target = fresh(HERE / store.path)
    if store.kind == "sql":
        shutil.copy(PROJECT / target.name, target)
    else:
        shutil.copytree(PROJECT / store.value, target)


@contextmanager
def mongo_server():
    """The address of a server with nothing in it."""
    program = Path(sys.executable).with_name("secantusd-py")
    command = [program, "--host", "127.0.0.1", "--port", "0", "--storage-path", ":memory:", "--cache-size", "128M"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            for line in server.stdout:
                if found := re.search(r"listening on (\S+)", line):
                    yield found[1]
                    break
        finally:
            server.terminate()


def dump_mongo(address: str, store: Store) -> None:
    """Every collection as a file, a document per line, in canonical extended JSON."""
    from bson import json_util
    from pymongo import MongoClient

    folder = fresh(HERE / store.path)
    folder.mkdir()
    with MongoClient(f"mongodb://{address}") as client:
        for name in sorted(client["sacred"].list_collection_names()):
            lines = [
                json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS) + "\n"
                for document in client["sacred"][name].find()
            ]
            (folder / f"{name}.jsonl").write_text("".join(lines).replace(address, "127.0.0.1:27017"), encoding="utf-8")


@contextmanager
def s3_server():
    """The environment in which boto3 speaks to a server with nothing in it."""
    from moto.server import ThreadedMotoServer

    (AIDS / "aws").write_text("[default]\nregion = eu-central-1\n")
    logging.getLogger("werkzeug").setLevel("ERROR")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_CONFIG_FILE": str(AIDS / "aws"),
        }
    finally:
        server.stop()


def dump_s3(environment: dict[str, str], store: Store) -> None:
    """Every object as a file, bucket and key its path; objects.jsonl has what a file cannot hold."""
    import boto3

    folder = fresh(HERE / "s3")
    os.environ.update(environment)
    client = boto3.client("s3")
    lines = []
    for bucket in (entry["Name"] for entry in client.list_buckets()["Buckets"]):
        for key in sorted(entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]):
            stored = client.get_object(Bucket=bucket, Key=key)
            path = folder / bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stored["Body"].read())
            entry = {
                "bucket": bucket,
                "key": key,
                "content_type": stored["ContentType"],
                "metadata": stored["Metadata"],
            }
            lines.append(json.dumps(entry, sort_keys=True) + "\n")
    (folder / "objects.jsonl").write_text("".join(lines), encoding="utf-8")


# ------------------------------------------------------------------------------------------------ expected.json


def write_expected(stores: list[Store], variants: dict[str, str]) -> None:
    texts = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in sorted(PROJECT.rglob("*.py"))}
    recorded = {name for run in RUNS.values() for name in run["sources"]}
    expected = {
        "about": "What the runs told, and what is known to differ per store. See ../README.md; tags: making/tagging.py.",
        "written_with": {"main": packages(sys.executable), **{n: packages(p) for n, p in variants.items()}},
        "base_dir": str(PROJECT),
        "hostname": "box",
        "seed": SEED,
        "sources": {
            name: {"md5": md5(text.encode()).hexdigest(), "text": text}
            for name, text in texts.items()
            if name in recorded
        },
        "runs": {key: expected_run(run) for key, run in RUNS.items()},
        "kinds": KINDS,
        "stores": {
            store.name: {
                "kind": store.kind,
                "path": store.path,
                "ids": store.ids,
                "deviations": tagged(DEVIATIONS.get(store.name, {})),
            }
            for store in stores
        },
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False, allow_nan=False)
    (HERE / "expected.json").write_text(text + "\n", encoding="utf-8")


def expected_run(run: dict) -> dict:
    told = {key: value for key, value in run.items() if key not in {"values", "scheduled", "id"}}
    told["given_id"] = run.get("id")
    if run["values"]:
        told["info"], told["result"] = run["values"]()
    if run["scheduled"]:
        from net import Schedule

        told["config"] = {**run["config"], "schedule": Schedule(run["scheduled"])}
    told["metrics"] = {name: [list(point) for point in points] for name, points in run["metrics"].items()}
    return tagged(told)


def write_digests() -> None:
    """sha256.txt, as the command sha256sum writes it: whoever edits a fixture is found out."""
    written = ("expected.json", "file", "tinydb", "sql", "mongo", "s3")
    lines = [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(HERE).as_posix()}\n"
        for path in sorted(HERE.rglob("*"))
        if path.is_file() and path.relative_to(HERE).parts[0].startswith(written)
    ]
    (HERE / "sha256.txt").write_text("".join(lines), encoding="utf-8")


def packages(python: str) -> dict[str, str]:
    if python != sys.executable:
        code = "import json, generate, sys; print(json.dumps(generate.packages(sys.executable)))"
        return json.loads(subprocess.check_output([python, "-c", code], cwd=HERE, text=True))
    found = {"python": sys.version.split()[0]}
    for name in STORED_BY_SACRED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# ------------------------------------------------------------------------------------------------ looking over it


def report(stores: list[Store]) -> None:
    """Sizes, and a hard stop if a file names this machine."""
    import getpass
    import platform

    words = [str(HERE.parents[2]), os.path.expanduser("~") + "/", platform.release(), f'"{platform.node()}"']
    words += [f"/{getpass.getuser()}/", os.path.realpath(sys.prefix)] if not sys.prefix.startswith("/tmp/venv") else []
    total = 0
    for path in sorted(HERE.rglob("*")):
        if path.is_file():
            total += path.stat().st_size
            leaks = [word for word in words if word.encode() in path.read_bytes()]
            if leaks and path.parent.name != "__pycache__":
                sys.exit(f"{path.relative_to(HERE)} names this machine: {leaks}")
    print(f"{len(stores)} stores, {total / 1e6:.2f} MB, {time.strftime('%H:%M')}")


if __name__ == "__main__":
    main()
