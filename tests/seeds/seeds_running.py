"""Runs scripts that say ``import sacred``, each in a process of its own, under ``python -m hallow.as_sacred``."""

from __future__ import annotations

import ast
import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "sacred"
SCRIPTS = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py") if "experiments" not in path.parts)
PREFIX = "python -m hallow.as_sacred "

# No GPU, one thread for each library: several tests run at a time. What the alias must not need is not looked at either.
QUIET = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
NOISE = ("NO_COLOR", "FORCE_COLOR", "KERAS_BACKEND")


@dataclass
class Finished:
    """What a process left behind, and where."""

    out: str
    err: str
    code: int
    folder: Path

    def store(self, url="runs"):
        """A store in the folder, or at a URL, opened."""
        from hallow import open_store

        if "://" not in url:
            return open_store(str(self.folder / url))
        return open_store(url.replace("sqlite:///", f"sqlite:///{self.folder}/"))

    def record(self, url="runs"):
        """The only record of a store."""
        (record,) = self.store(url)
        assert not record.problem
        return record


def told(example):
    """Command and output that an example's docstring tells."""
    doc = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    command = re.search(r"^Run: +(.*)$", doc, re.MULTILINE)[1]
    printed = re.search(r"^Prints: +(.*(?:\n {8}.*)*)$", doc, re.MULTILINE)[1]
    return command, [line.strip() for line in printed.splitlines()]


@pytest.fixture
def alias(tmp_path):
    """``alias("script.py", "with", "a=1")``: run a program of the test's folder as Sacred's users would."""

    def run(*words, code=0, flags=(), folder=".", python=sys.executable, **environment):
        full = {name: value for name, value in os.environ.items() if name not in NOISE}
        done = subprocess.run(
            [python, "-W", "error::DeprecationWarning:__main__", *flags, "-m", "hallow.as_sacred", *words],
            cwd=tmp_path / folder,
            env={**full, **QUIET, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return Finished(done.stdout, done.stderr, done.returncode, tmp_path / folder)

    return run


@pytest.fixture
def examples(tmp_path):
    """The examples, copied into the test's folder."""
    shutil.copytree(FOLDER, tmp_path / "examples" / "sacred", ignore=shutil.ignore_patterns("__pycache__", "*runs*"))
    return tmp_path / "examples" / "sacred"


@pytest.fixture
def example(alias, examples):
    """``example("x.py")``: run the command of an example, and see that it prints what it says."""

    def run(name, code=0, **environment):
        command, expected = told(FOLDER / name)
        assert command.startswith(f"{PREFIX}examples/sacred/{name}")
        done = alias(*shlex.split(command.removeprefix(PREFIX)), code=code, **environment)
        lines = done.out.replace("\r", "\n").splitlines()
        shown = lines[-len(expected) :]
        assert len(shown) == len(expected)
        for line, pattern in zip(shown, expected, strict=True):
            # Brackets are no patterns here.
            assert fnmatch.fnmatchcase(line, pattern.replace("[", "[[]").replace("...", "*")), done.out
        return done

    return run


@pytest.fixture
def printed(alias, tmp_path):
    """``printed(source, "with", "a=1", name="x.py")``: run a text as it stands in a seed."""

    def run(source, *words, name="demo.py", **options):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(source), encoding="utf-8")
        return alias(name, *words, **options)

    return run
