"""The process that carries out the command lines of cases, with Sacred or with hallow's alias; needs nothing else.

    python serving.py LIBRARY < jobs.json > results.json

Each command line runs in a fork of this process, which has imported already what nearly every command line needs. That
makes it ten times faster than starting Python, and is otherwise what ``python CASE.py ...`` or ``python -m MODULE ...``
does.
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path

TIMEOUT = 30

# What many command lines import.
LOADED = {
    "sacred": ["numpy", "sacred.observers", "sacred.utils"],
    "hallow": [
        "hallow.as_sacred",
        "hallow.backends.file.observer",
        "hallow.cli.builtin",
        "hallow.config.rewriting",
        "hallow.config.scopenotes",
        "hallow.experiment.commandline",
        "hallow.journal.journal",
        "hallow.journal.staged",
        "hallow.provenance.experiment_info",
        "hallow.provenance.git",
        "hallow.provenance.host",
        "hallow.provenance.packages",
        "hallow.provenance.processes",
        "hallow.running.growing",
        "hallow.running.lifecycle",
        "hallow.running.merging",
        "hallow.running.output",
        "hallow.running.ranks",
        "hallow.running.shaping",
        "hallow.running.streams",
        "hallow.running.terminal",
        "docopt",
        "numpy.random",
        "sacred.observers",
        "sacred.utils",
        "yaml",
    ],
}

# Exceptions that code written for Sacred can name.
NAMES = {
    "CircularDependencyError",
    "ConfigError",
    "InvalidConfigError",
    "ConfigAddedError",
    "MissingConfigError",
    "NamedConfigNotFoundError",
    "SignatureError",
    "SettingError",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
    "ObserverError",
}
RENAMED = {"HallowError": "SacredError", "RunInterrupt": "SacredInterrupt"}


def serve(library):
    """Run the jobs on standard input, write their results to standard output."""
    jobs = json.load(sys.stdin)
    for module in LOADED[library]:
        import_module(module)
    del sys.path[0]  # this folder; the fork puts that of the script in its place
    gc.collect()
    gc.freeze()  # what is here stays, so no fork need look at it, and copy it by that
    results = {}
    for job in jobs:
        with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
            folder = Path(scratch).resolve() / "work"
            for name, text in job["files"].items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            runs = [_fork(folder, job, command) for command in job["commands"]]
            files = _files(folder, job["files"])
            if job["database"]:
                files += _database(job["database"], job["name"])
            results[job["name"]] = {"runs": runs, "files": files, "folder": str(folder)}
    json.dump(results, sys.stdout)


# --------------------------------------------------------------------------------------------- one command line


def _fork(folder, job, command):
    """One command line in a process of its own."""
    out, err, note = (folder.parent / part for part in ("out", "err", "note"))
    for path in (out, err, note):
        path.write_bytes(b"")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = _child(folder, job, command, out, err, note)
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {
        "code": status,
        "out": out.read_text("utf-8", "replace"),
        "err": err.read_text("utf-8", "replace"),
        "error": note.read_text("utf-8", "replace"),
    }


def _child(folder, job, command, out, err, note):
    import signal
    import threading

    signal.alarm(TIMEOUT)
    os.chdir(folder)
    os.environ["PARITY_MONGO"] = job["database"] or ""
    for fd, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        os.dup2(os.open(path, flags | os.O_APPEND), fd)
    sys.stdin = open(0, closefd=False)
    sys.path.insert(0, str(folder))
    code, error = _executed(f"{job['name']}.py", shlex.split(command.replace("{mongo}", job["database"] or "")))
    if error is not None:
        note.write_text(_described(error, str(folder)), "utf-8")
    threading._shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    return code & 255


def _executed(script, words):
    """Exit code, and the exception that the program ended with."""
    try:
        program, code = _program(script, words)
        exec(code, program.__dict__)
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
        shown = left.__context__
        if type(shown).__name__ in ("UsageError", "CommandNotFoundError", "OptionError", "DocoptExit"):
            shown = None  # Sacred reports a wrong command line without an exception
        return left.code if isinstance(left.code, int) else int(left.code is not None), shown
    except KeyboardInterrupt as error:
        return 130, error
    except BaseException as error:
        traceback.print_exception(error)
        return 1, error
    return 0, None


def _program(script, words):
    """The new ``__main__`` and its code: the script, or the module in ``python -m MODULE``."""
    import types
    from importlib.util import find_spec

    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    if words[:2] != ["python", "-m"]:
        sys.argv = [script, *words]
        module.__file__ = os.path.abspath(script)
        return module, compile(Path(module.__file__).read_text("utf-8"), module.__file__, "exec")
    spec = find_spec(words[2])
    if spec.submodule_search_locations is not None:
        spec = find_spec(f"{words[2]}.__main__")
    sys.argv = [spec.origin, *words[3:]]
    module.__file__, module.__spec__ = spec.origin, spec
    module.__package__, module.__loader__ = spec.parent, spec.loader
    return module, spec.loader.get_code(spec.name)


def _described(error, folder):
    """The classes by which the script could catch it; the message where the script raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    own = trace is not None and trace.tb_frame.f_code.co_filename.startswith(folder)
    names = []
    for cls in type(error).__mro__:
        in_library = cls.__module__.partition(".")[0] in ("sacred", "hallow")
        name = RENAMED.get(cls.__name__, cls.__name__)
        if not in_library or name in NAMES:
            names.append(name)
    return f"{'|'.join(names)}: {' '.join(str(error).split()) if own else ''}"


# ------------------------------------------------------------------------------------------ what was left behind


def _files(folder, given):
    """Name and text of each file that the program made; databases as JSON."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in given or "__pycache__" in name or name.startswith(".git/"):
            continue
        data = path.read_bytes()
        if data.startswith(b"SQLite format 3"):
            found.append((f"{name}.json", json.dumps(_tables(path))))
        else:
            found.append((name, data.decode("utf-8", "replace")))
    return found


def _tables(path):
    """The rows of each table of an SQLite database."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return {name: [_row(row) for row in connection.execute(f'select * from "{name}"')] for name in sorted(names)}
    finally:
        connection.close()


def _row(row):
    values = {key: row[key] for key in row.keys()}
    return {
        key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for key, value in values.items()
    }


def _database(address, name):
    """The documents of the MongoDB database of that name, which is removed; files of GridFS with their content."""
    import bson.json_util
    from pymongo import MongoClient

    found = []
    client = MongoClient(f"mongodb://{address}")
    try:
        database = client[name]
        for collection in sorted(set(database.list_collection_names()) - {"fs.chunks"}):
            for number, document in enumerate(database[collection].find().sort("_id", 1)):
                key = document["_id"]
                if collection == "fs.files":
                    chunks = database["fs.chunks"].find({"files_id": key}).sort("n", 1)
                    document["content"] = b"".join(chunk["data"] for chunk in chunks).decode("utf-8", "replace")
                    key = os.path.basename(document["filename"])
                key = key if isinstance(key, int | str) else number
                found.append((f"mongo/{collection}/{key}.json", bson.json_util.dumps(document)))
        client.drop_database(name)
    finally:
        client.close()
    return sorted(found)


if __name__ == "__main__":
    serve(sys.argv[1])
