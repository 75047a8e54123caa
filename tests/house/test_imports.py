"""Importing is cheap and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import hallow

PROBE = """
import json, logging, sys, threading
events = []
sys.addaudithook(lambda name, args: events.append(name) if name in {"subprocess.Popen", "os.fork", "os.posix_spawn", "socket.connect", "os.system"} else None)
before = set(sys.modules)
handlers = list(logging.getLogger().handlers)
STATEMENT
top = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
print(json.dumps({
    "top": [name for name in top if name not in sys.stdlib_module_names and not name.startswith("_")],
    "events": events,
    "threads": threading.active_count(),
    "handlers": logging.getLogger().handlers == handlers,
    "hallow": sorted(n for n in sys.modules if n.startswith("hallow")),
    "heavy": sorted({"asyncio", "subprocess", "ctypes", "multiprocessing", "sqlite3", "http", "urllib.request"} & set(sys.modules)),
}))
"""


def probe(statement: str):
    text = subprocess.check_output([sys.executable, "-c", PROBE.replace("STATEMENT", statement)], text=True)
    return json.loads(text.splitlines()[-1])


def test_import_is_light():
    found = probe("import hallow")
    assert found["top"] == ["hallow"]
    assert found["hallow"] == ["hallow"]
    assert found["heavy"] == []


def test_import_changes_nothing():
    for statement in ("import hallow", "from hallow import Experiment, Ingredient, SETTINGS, cli_option"):
        found = probe(statement)
        assert found["events"] == []
        assert found["threads"] == 1
        assert found["handlers"]


def test_import_heavy():
    """Declaring an experiment loads required packages only, and of those only what it needs."""
    found = probe("from hallow import Experiment; from hallow.observers import FileStorageObserver")
    assert set(found["top"]) <= {"hallow", "wrapt", "typing_extensions"}
    assert found["heavy"] == []


def test_what_wrapt_needs_later_is_there_when_it_is_asked_for():
    found = probe(
        "from hallow import Experiment; import importlib, wrapt\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        "@wrapt.synchronized\nasync def three(): return 3\n"
        "assert importlib.metadata.version('wrapt')\n"
        "import asyncio, importlib.metadata\n"
        "assert type(asyncio).__name__ == type(importlib.metadata).__name__ == 'module'\n"
        "assert asyncio.run(three()) == 3"
    )
    assert "asyncio" in found["heavy"]


def test_an_experiment_needs_nothing_else(tmp_path):
    found = probe(
        "from hallow import Experiment; from hallow.observers import FileStorageObserver\n"
        "ex = Experiment('light', interactive=True); ex.observers.append(FileStorageObserver(%r))\n"
        "ex.main(lambda: 1); ex.run(loglevel='ERROR', command_name='<lambda>')" % str(tmp_path / "runs")
    )
    assert {"numpy", "pandas", "git", "yaml", "jsonpickle", "docopt", "torch"}.isdisjoint(found["top"])


def test_required_packages_only():
    """The command line works where nothing but the declared dependencies is importable."""
    allowed = {
        "wrapt",
        "docopt",
        "jsonpickle",
        "colorama",
        "cpuinfo",
        "git",
        "packaging",
        "filelock",
        "hallow",
        "gitdb",
        "smmap",
        "yaml",
    }
    found = probe(
        "from hallow import Experiment\nex = Experiment('e', interactive=True)\nex.main(lambda: 1)\ntry: ex.run_commandline('e -h')\nexcept SystemExit: pass"
    )
    assert set(found["top"]) <= allowed


def test_R18_nothing_that_newer_pythons_lack():
    """A fresh environment of Python 3.12 has no setuptools, and later ones lack more."""
    gone = {"pkg_resources", "setuptools", "distutils", "imp", "imghdr", "pipes", "cgi", "telnetlib"}
    source = "import sys\nsys.modules.update(dict.fromkeys(%r))\n" % gone
    use = (
        "from hallow import Experiment; from hallow.observers import FileStorageObserver\n"
        "ex = Experiment('e', interactive=True); ex.main(lambda: 1)\n"
        "assert ex.run('<lambda>', loglevel='ERROR').experiment_info['dependencies'] is not None"
    )
    subprocess.run([sys.executable, "-W", "error::DeprecationWarning", "-c", source + use], check=True)
    for path in Path(hallow.__file__).parent.rglob("*.py"):
        assert "find_loader" not in path.read_text(encoding="utf-8"), path
