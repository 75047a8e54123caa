"""Runs and events that the promises are tried with."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from hallow.experiment import Experiment
from hallow.records.points import Points
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hallow.running.run import Run
    from hallow.testing.contract.backend import Backend

__all__ = ["Session", "T", "experiment", "needs", "recorded", "run_script"]

T = datetime(2024, 2, 3, 4, 5, 6, 7)  # noqa: DTZ001 - as observers are told times


def needs(backend: Backend, ability: str) -> None:
    """Leave a test out if the back-end has declared that it cannot do this."""
    if ability in backend.cannot:
        pytest.skip(f"cannot: {backend.cannot[ability]}")


def experiment(backend: Backend, main: Callable[..., Any], config: dict[str, Any] | None = None) -> Experiment:
    """An experiment that the back-end records; this file is its only source."""
    known = SETTINGS.DISCOVER_SOURCES
    SETTINGS.DISCOVER_SOURCES = "none"
    try:
        made = Experiment("contract", save_git_info=False, base_dir=os.path.dirname(__file__))
    finally:
        SETTINGS.DISCOVER_SOURCES = known
    made.add_source_file(__file__)
    made.add_package_dependency("somepackage", "1.2.3")
    made.observers.append(backend.observer())
    if config:
        made.add_config(config)
    made.main(main)
    return made


def recorded(backend: Backend, main: Callable[..., Any], config: dict[str, Any] | None = None, **options: Any) -> Run:
    """A run of ``main`` that the back-end has recorded; options are those of the command line, such as ``id=7``."""
    flags = {f"--{name}": value for name, value in {"capture": "sys", "beat-interval": 0, **options}.items()}
    return experiment(backend, main, config).run(options=flags)


class Session:
    """An observer that is told events one by one, as a run would tell them.

    Args:
        backend: under test; ``None`` if an ``observer`` is given.
        run_id: ``None`` for the next free one.
        sources: pairs of path and MD5, the paths relative to the root folder.
    """

    def __init__(
        self,
        backend: Backend | None,
        run_id: Any = None,
        sources: list[tuple[str, str]] | None = None,
        observer: Any = None,
    ) -> None:
        self.observer = observer if backend is None else backend.observer()
        self.points = 0
        self.position = 0
        self.run_id = self.observer.started_event(
            ex_info={
                "name": "contract",
                "base_dir": "/",
                "sources": sources or [],
                "dependencies": ["numpy==1.0"],
                "repositories": [],
                "mainfile": None,
            },
            command="main",
            host_info={"hostname": "here"},
            start_time=T,
            config={"lr": 0.1, "seed": 1},
            meta_info={"command": "main", "options": {}},
            _id=run_id,
        )

    def log(self, name: str, count: int) -> None:
        """So many further points of a metric, which has no other points of its own in between."""
        numbers = list(range(self.points, self.points + count))
        self.observer.points_event(
            points=[Points(name, list(numbers), [n / 2 for n in numbers], [1.7e9 + n / 4 for n in numbers])]
        )
        self.points += count

    def write(self, text: str) -> None:
        """Further output."""
        self.observer.output_event(text=text, position=self.position)
        self.position += len(text.encode())

    def beat(self, info: dict[str, Any] | None = None, result: Any = None) -> None:
        """A heartbeat."""
        self.observer.heartbeat_event(info=info or {}, captured_out=None, beat_time=T, result=result)

    def complete(self, result: Any = None) -> None:
        """The end of the run."""
        self.beat(result=result)
        self.observer.completed_event(stop_time=T, result=result)
        self.observer.join()


def run_script(tmp_path: Path, text: str, name: str = "script.py", **popen: Any) -> subprocess.Popen[str]:
    """Start a Python script in a process of its own, in ``tmp_path``."""
    script = tmp_path / name
    script.write_text(textwrap.dedent(text), encoding="utf-8")
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(script)],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **popen,
    )
