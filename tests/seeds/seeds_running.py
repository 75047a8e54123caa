"""Runs scripts that say ``import sacred``, each in a process of its own, under ``python -m hallow.as_sacred``.

Texts of the seeds also run without the alias, with their imports changed.
"""

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
from collections.abc import Callable
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


def launcher(folder_of_test, *words_before):
    """``launch("script.py", "with", "a=1")``: run a program of the test's folder in a process of its own."""

    def launch(*words, code=0, flags=(), folder=".", python=sys.executable, **environment):
        full = {name: value for name, value in os.environ.items() if name not in NOISE}
        done = subprocess.run(
            [python, "-W", "error::DeprecationWarning:__main__", *flags, *words_before, *words],
            cwd=folder_of_test / folder,
            env={**full, **QUIET, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return Finished(done.stdout, done.stderr, done.returncode, folder_of_test / folder)

    return launch


@pytest.fixture
def alias(tmp_path):
    """``alias("script.py", "with", "a=1")``: run a program of the test's folder as Sacred's users would."""
    return launcher(tmp_path, "-m", "hallow.as_sacred")


@dataclass(frozen=True)
class Way:
    """One of the two ways to run a text as it stands in a seed: under the alias, or with its imports changed."""

    native: bool
    folder: Path
    again: Callable[..., Finished]

    def write(self, source, name="demo.py"):
        """Make a program of a text, in the test's folder."""
        text = textwrap.dedent(source)
        if self.native:
            text = re.sub(r"^(from|import) sacred\b", r"\1 hallow", text, flags=re.MULTILINE)
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, source, *words, name="demo.py", **options):
        """Write a program and run it; ``again(name, ...)`` runs one that is written."""
        self.write(source, name)
        return self.again(name, *words, **options)

    def expect(self, *, native, alias):
        """What differs, side by side."""
        return native if self.native else alias


@pytest.fixture(params=["native", "alias"])
def way(request, alias, tmp_path):
    """Both ways to run a text of a seed."""
    native = request.param == "native"
    return Way(native, tmp_path, launcher(tmp_path) if native else alias)


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
    """``printed(source, "with", "a=1", name="x.py")``: run a text as it stands in a seed, under the alias."""
    return Way(False, tmp_path, alias).run
