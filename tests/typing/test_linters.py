"""Code in the explicit style satisfies linters and type checkers, and wrapping hides no signature."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hallow import Experiment, Ingredient

SOURCE = Path(__file__).resolve().parents[2] / "src"
PROJECT = {
    "config.py": '''
        """Configuration of the training."""

        from __future__ import annotations

        from dataclasses import dataclass, field
        from typing import Literal


        @dataclass
        class Optimiser:
            """How weights are changed."""

            lr: float = 0.1  # step width
            name: Literal["sgd", "adam"] = "sgd"


        @dataclass
        class Config:
            """Everything that can be changed."""

            path: str = "data"
            steps: int = 3
            optimiser: Optimiser = field(default_factory=Optimiser)
        ''',
    "train.py": '''
        """Train a model."""

        from __future__ import annotations

        import sys

        from hallow import Experiment, Run
        from hallow.observers import FileStorageObserver

        from config import Config, Optimiser

        ex = Experiment("train")
        ex.observers.append(FileStorageObserver("runs"))
        ex.config(Config)


        @ex.capture
        def learning_rate(config: Config, step: int = 0) -> float:
            """Return the rate of a step."""
            return config.optimiser.lr / (step + 1)


        def describe(optimiser: Optimiser) -> str:
            """Return a line for the log."""
            return f"{optimiser.name} with {optimiser.lr}"


        @ex.command(unobserved=True)
        def show(config: Config) -> str:
            """Show what would be trained."""
            return describe(config.optimiser)


        @ex.automain
        def main(config: Config, _run: Run) -> float:
            """Train."""
            total = 0.0
            for step in range(config.steps):
                total += learning_rate(step=step)
                _run.log_scalar("loss", 1 / (1 + total), step)
            sys.stdout.write(describe(config.optimiser) + "\\n")
            return total
        ''',
}
REVEALED = '''
    reveal_type(learning_rate())
    reveal_type(show())
    reveal_type(main())


    @ex.main
    def typed(config: Config) -> None:
        """Look at types."""
        reveal_type(config.optimiser.lr)
        reveal_type(config.optimiser.name)
        config.optimiser.rate
    '''


@pytest.fixture
def project(tmp_path):
    for name, code in PROJECT.items():
        (tmp_path / name).write_text(textwrap.dedent(code).lstrip(), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "project"\nrequires-python = ">=3.10"\n'
        '[tool.ruff.lint.isort]\nknown-third-party = ["hallow"]\nknown-first-party = ["config"]\n',
        encoding="utf-8",
    )
    return tmp_path


def tool(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(SOURCE), "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_linters(project):
    """No ignore, no cast: the linter and the type checker see ordinary dataclasses and functions."""
    everything = ["--select", "ALL", "--ignore", "CPY001,D203,D213,COM812,INP001,TC001,TC002"]
    for rules in ([], everything):
        code, report = tool(project, "ruff", "check", "--no-cache", *rules, ".")
        assert code == 0, report
    cache = SOURCE.parent / ".mypy_cache" / "linters"
    mypy = ["mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(cache)]
    code, report = tool(project, *mypy, "train.py")
    assert code == 0, report

    with (project / "train.py").open("a", encoding="utf-8") as file:
        file.write(textwrap.dedent(REVEALED))
    code, report = tool(project, *mypy, "train.py")
    revealed = [line.partition("Revealed type is ")[2].strip('"') for line in report.splitlines() if "Revealed" in line]
    assert code == 1
    assert [text.replace("builtins.", "") for text in revealed[:4]] == ["float", "str", "float", "float"]
    assert "Literal['sgd']" in revealed[4]
    assert '"Optimiser" has no attribute "rate"' in report


def test_linters_the_project_runs(project):
    code, report = tool(project, "train", "with", "optimiser.lr=1", "steps=2")
    assert code == 0, report
    assert "sgd with 1.0\n" in report
    assert "Result: 1.5" in report


def functions():
    def plain(a, b: int = 2, *rest: str, c: float, d: str = "x", **more: object) -> list[int]:
        """Documented."""

    def by_position(a: int, /, b: str = "y") -> None:
        pass

    async def coroutine(a: int) -> float:
        return 1.0

    def nothing():
        pass

    return [plain, by_position, coroutine, nothing]


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.__name__)
@pytest.mark.parametrize("way", ["capture", "command", "main", "automain", "pre_run_hook", "post_run_hook"])
def test_typed_api(way, function):
    """Editors, documentation tools and ``inspect`` see the function that was written."""
    wrapped = getattr(Experiment("exp"), way)(function)
    assert inspect.signature(wrapped) == inspect.signature(function)
    assert wrapped.__name__ == function.__name__
    assert wrapped.__qualname__ == function.__qualname__
    assert wrapped.__module__ == function.__module__
    assert wrapped.__doc__ == function.__doc__
    assert inspect.unwrap(wrapped) is function
    assert inspect.iscoroutinefunction(wrapped) == inspect.iscoroutinefunction(function)


def test_typed_api_of_methods():
    data = Ingredient("data")

    class Loader:
        @data.capture
        def load(self, rows: int, header: bool = True) -> list[str]:
            return ["x"] * rows

    assert str(inspect.signature(Loader.load)) == "(self, rows: 'int', header: 'bool' = True) -> 'list[str]'"
    assert str(inspect.signature(Loader().load)) == "(rows: 'int', header: 'bool' = True) -> 'list[str]'"


def test_typed_api_annotations():
    def load(rows: int) -> list[str]:
        return ["x"] * rows

    assert Experiment("exp").capture(load).__annotations__ == load.__annotations__
