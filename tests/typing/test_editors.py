"""Pyright in strict mode and the completion of IPython know what they are shown, from outside of hallow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_linters import PROJECT, REVEALED, SOURCE

API = Path(__file__).with_name("api.py")


def pyright(folder):
    """What Pyright says of the files below ``folder`` in strict mode, by the folder in which each file is.

    A finding is (severity, line from 1, message).
    """
    pytest.importorskip("basedpyright", reason="it carries Pyright with its own Node.js")
    config = {"typeCheckingMode": "strict", "extraPaths": [str(SOURCE)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "basedpyright",
            "--outputjson",
            "--pythonpath",
            sys.executable,
            "--project",
            str(folder),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(folder.rglob("*.py")))
    findings = {path.name: [] for path in folder.iterdir() if path.is_dir()}
    for found in report["generalDiagnostics"]:
        finding = (found["severity"], found["range"]["start"]["line"] + 1, found["message"])
        findings[Path(found["file"]).parent.name].append(finding)
    return findings


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """Pyright is started once: what it says takes less time than what it reads before."""
    folder = tmp_path_factory.mktemp("pyright")
    for project in ("explicit", "revealing"):
        (folder / project).mkdir()
        for name, code in PROJECT.items():
            (folder / project / name).write_text(textwrap.dedent(code).lstrip(), encoding="utf-8")
    with (folder / "revealing" / "train.py").open("a", encoding="utf-8") as file:
        file.write(textwrap.dedent(REVEALED))
    (folder / "public").mkdir()
    (folder / "public" / "api.py").write_text(API.read_text(encoding="utf-8"), encoding="utf-8")
    return pyright(folder)


def test_pyright_accepts_the_public_interface(findings):
    """All that a user may write, with the types that it is said to have (``assert_type``)."""
    assert findings["public"] == []


def test_pyright_accepts_the_explicit_style(findings):
    assert findings["explicit"] == []


def test_pyright_sees_types_and_mistakes(findings):
    """Results of captured functions are exact, and so are the fields of the configuration."""
    found = findings["revealing"]
    revealed = [message.rpartition(" is ")[2].strip('"') for kind, _, message in found if kind == "information"]
    assert revealed == ["float", "str", "float", "float", "Literal['sgd', 'adam']"]
    mistakes = [message for kind, _, message in found if kind == "error"]
    assert any('Cannot access attribute "rate" for class "Optimiser"' in message for message in mistakes)


def completions(code, what):
    """The public names that are offered behind ``what``, in place of the word HERE in ``code``."""
    jedi = pytest.importorskip("jedi", reason="IPython brings it")
    lines = code.replace("HERE", what).splitlines()
    number = next(index for index, line in enumerate(lines) if line.strip() == what)
    found = jedi.Script("\n".join(lines)).complete(number + 1, len(lines[number]))
    return [one.name for one in found if not one.name.startswith("_")]


EXPLICIT = """
from dataclasses import dataclass, field

from hallow import Experiment, Run, open_store

ex = Experiment("training")


@dataclass
class Optimiser:
    lr: float = 0.1
    name: str = "sgd"


@ex.config
@dataclass
class Config:
    steps: int = 3
    optimiser: Optimiser = field(default_factory=Optimiser)


@ex.automain
def main(config: Config, _run: Run):
    HERE
    return config.steps
"""


@pytest.mark.parametrize(
    ("what", "offered"),
    [
        ("config.", {"steps", "optimiser"}),
        ("config.optimiser.", {"lr", "name"}),
        ("_run.log_", {"log_scalar", "log_scalars", "log_text", "log_image", "log_table", "log_histogram"}),
        ("open_store('runs').get(1).", {"status", "config", "metrics", "read_metrics", "artifacts"}),
        ("ex.obs", {"observers"}),
    ],
)
def test_completion_in_the_explicit_style(what, offered):
    assert offered <= set(completions(EXPLICIT, what))


def test_completion_offers_only_what_there_is():
    assert set(completions(EXPLICIT, "config.optimiser.")) == {"lr", "name"}
