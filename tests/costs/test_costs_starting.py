"""What a start loads, and what it asks of the system."""

from __future__ import annotations

import json
import subprocess

import pytest

COUNTED = """
    import json, sys

    begun = []
    def note(name, args):
        if name in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "socket.connect"):
            begun.append([name, str(args[1]) if name == "subprocess.Popen" else ""])

    sys.addaudithook(note)
    before = set(sys.modules)

    {statements}

    modules = sorted(set(sys.modules) - before)
    print("FOUND " + json.dumps([modules, begun]), file=sys.stderr)
"""

HELLO = """
    from hallow import Experiment
    from hallow.observers import FileStorageObserver

    ex = Experiment("hello", save_git_info={git})
    ex.observers.append(FileStorageObserver("runs"))

    @ex.config
    def cfg():
        a = 1

    @ex.main
    def main(a):
        print("hello", a)

    ex.run_commandline(["hello"])
"""


@pytest.fixture
def counted(run_script):
    """``counted(statements)``: names of the modules that they load, and the processes and connections they begin."""

    def count(statements: str) -> tuple[list[str], list[list[str]]]:
        done = run_script(COUNTED.format(statements=statements), env={"PYTHONUNBUFFERED": ""})
        assert done.code == 0, done.err
        line = next(line for line in done.err.splitlines() if line.startswith("FOUND "))
        return json.loads(line.removeprefix("FOUND "))

    return count


def own(modules: list[str]) -> list[str]:
    """Ours among the modules; how many the standard library loads depends on the version of Python."""
    return [name for name in modules if name.partition(".")[0] == "hallow"]


def test_import(counted):
    """The list of public names and nothing else."""
    modules, begun = counted("import hallow")
    assert own(modules) == ["hallow"]
    assert begun == []


def test_declaring(counted):
    modules, begun = counted("from hallow import Experiment; from hallow.observers import FileStorageObserver")
    assert len(own(modules)) <= 93
    assert begun == []


def test_hello_world(counted):
    """A whole run with a file store begins no process."""
    modules, begun = counted(HELLO.format(git=False))
    assert len(own(modules)) <= 138  # with the compiled part
    assert begun == []
    rare = {"asyncio", "subprocess", "multiprocessing", "sqlite3", "http", "urllib.parse", "numpy", "git", "yaml"}
    rare |= {"pathlib", "hashlib", "tempfile"}
    assert rare.isdisjoint(modules)


def test_hello_world_in_a_repository(counted, tmp_path):
    """Git is asked a fixed number of times, however much there is."""
    seen = []
    for number in range(2):
        for name in range(30 * number + 1):
            (tmp_path / f"some{number}_{name}.py").write_text("", encoding="utf-8")
        for words in (["init"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "all"]):
            subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
        _, begun = counted(HELLO.format(git=True))
        seen.append(begun)
    assert [words[0] for words in seen[0]] == ["subprocess.Popen"] * len(seen[0])
    assert len(seen[0]) == len(seen[1]) <= 4
