"""Experiments defined in the cells of a notebook, executed by a real kernel."""

from __future__ import annotations

import pytest

nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

# Name of a cell -> its code. All are executed once, in this order, by one kernel.
CELLS = {
    "experiment": """
        from pathlib import Path
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
        ex = Experiment("notebook", interactive=True)
        ex.observers.append(FileStorageObserver("runs"))
        """,
    "definitions": """
        @ex.config
        def cfg():
            a = 1  # documented
            b = [a * n for n in (1, 2)]

        @ex.named_config
        def large():
            a = 10

        @ex.capture
        def total(a, b):
            return a + sum(b)

        @ex.main
        def main(a):
            print("printed with", a)
            return total()
        """,
    "first run": "ex.run().result",
    "first update": "ex.run(config_updates={'a': 2}).result",
    "first named config": "ex.run(named_configs=['large']).result",
    "output": "print('STORED', Path('runs/1/cout.txt').read_text())",
    "cells": """
        from hallow.backends.file.facts import read_facts
        cells = read_facts("runs/1")["cells"]
        any("def total(a, b)" in cell for cell in cells), cells[-1]
        """,
    "definitions again": """
        @ex.config
        def cfg():
            a = 5
            c = {"twice": a * 2}

        @ex.named_config
        def large():
            a = 100

        @ex.capture
        def total(a, c):
            return a + c["twice"]

        @ex.main
        def main(a):
            print("now with", a)
            return "again", total()
        """,
    "second run": "ex.run().result",
    "second configuration": "sorted(ex.current_run.config), len(ex.configurations), len(ex.captured_functions)",
    "second named config": "ex.run(named_configs=['large']).result",
    "streams": """
        import os, sys

        @ex.command
        def streams():
            print("to stdout")
            print("to stderr", file=sys.stderr)
            os.system("echo from a child")

        run = ex.run("streams")
        print("STORED", (Path("runs") / run._id / "cout.txt").read_text())
        """,
    "automain": """
        @ex.automain
        def surprise():
            return "must not run"
        """,
    "after automain": "ex.run().result",
    "mistake in a scope": """
        @ex.config
        def broken():
            a = 1
            return a
        """,
    "mistake in an update": "ex.run(config_updates={'aa': 1})",
    "command line": "ex.run_commandline('notebook with a=7').result",
    "without a run": """
        with ex.configured(a=3):
            print(total())
        """,
    "not interactive": "Experiment('other')",
    "started": """
        with ex.start(config_updates={"a": 6}, tags="by hand") as run:
            print("in the body", run.config["a"])
            run.log_scalar("total", total())
            run.result = "set in the body"
        run.status, run.result
        """,
    "started record": """
        import json
        folder = Path("runs") / run._id
        entry = json.loads((folder / "run.json").read_text())
        print("STORED", (folder / "cout.txt").read_text())
        entry["status"], entry["result"], json.loads((folder / "metrics.json").read_text())["total"]["values"]
        """,
    "started cells": """
        cells = read_facts(folder)["cells"]
        any("ex.start(" in cell for cell in cells), any('"twice": a * 2' in cell for cell in cells)
        """,
    "started and failed": """
        with ex.start() as run:
            raise RuntimeError("in the body")
        """,
    "after the failure": "run.status, run.stop_time is not None, json.loads((Path('runs') / run._id / 'run.json').read_text())['status']",
    "definitions once more": """
        @ex.config
        def cfg():
            a = 8
            c = {"twice": 0}
        """,
    "third run": "ex.run().result",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """Text, value and error of each cell, by the cell's name."""
    import textwrap

    import nbformat

    folder = tmp_path_factory.mktemp("notebook")
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(code).strip()) for code in CELLS.values()]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    book = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(
        book, timeout=60, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return {name: Shown(cell["outputs"]) for name, cell in zip(CELLS, cells, strict=True)}


class Shown:
    """What a cell shows."""

    def __init__(self, outputs):
        self.text = "".join(o["text"] for o in outputs if o["output_type"] == "stream")
        self.value = next((o["data"]["text/plain"] for o in outputs if o["output_type"] == "execute_result"), None)
        self.error = next((f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"), None)


pytestmark = pytest.mark.filterwarnings("ignore")  # kernel clients warn of event loops and transports


def test_definitions_in_cells(notebook):
    assert notebook["definitions"].error is None
    assert notebook["first run"].value == "4"
    assert notebook["first update"].value == "8"
    assert notebook["first named config"].value == "40"


def test_the_cells_stand_beside_the_record(notebook):
    assert notebook["cells"].value == "(True, 'ex.run().result')"


def test_E7_cells_executed_again_replace_what_they_defined(notebook):
    assert notebook["definitions again"].error is None
    assert notebook["second run"].value == "('again', 15)"
    assert notebook["second configuration"].value == "(['a', 'c', 'seed'], 1, 6)"
    assert notebook["second named config"].value == "('again', 300)"
    assert notebook["without a run"].text.strip() == "9"


def test_jupyter(notebook):
    """Experiments are defined in cells, started and ended in one, and defined again by executing a cell again."""
    assert notebook["started"].error is None
    assert notebook["started"].text.count("in the body 6\n") == 1
    assert notebook["started"].value == "('COMPLETED', 'set in the body')"
    assert notebook["started record"].value == "('COMPLETED', 'set in the body', [18])"
    assert "in the body 6\n" in notebook["started record"].text
    assert notebook["started cells"].value == "(True, True)"
    assert notebook["started and failed"].error == "RuntimeError: in the body"
    assert notebook["after the failure"].value == "('FAILED', True, 'FAILED')"
    assert notebook["definitions once more"].error is None
    assert notebook["third run"].value == "('again', 8)"


def test_output_is_stored_and_still_shown(notebook):
    assert "printed with 1\n" in notebook["first run"].text
    stored = notebook["output"].text
    assert stored.startswith("STORED INFO - notebook - Running command 'main'")
    assert "printed with 1\n" in stored
    assert "Completed" in stored
    shown, _, stored = notebook["streams"].text.partition("STORED")
    for line in ("to stdout\n", "to stderr\n"):
        assert line in shown
        assert line in stored
    # The kernel shows what children write in its own time, perhaps below a later cell.
    assert "from a child\n" in stored


def test_E2_automain_in_a_cell_advises_main(notebook):
    assert notebook["automain"].error.startswith("ExperimentError: automain cannot be used")
    assert "@ex.main" in notebook["automain"].error
    assert notebook["after automain"].value == "('again', 15)", "the refused function must not become the main function"


def test_mistakes_name_the_cell_and_harm_nothing(notebook):
    assert notebook["mistake in a scope"].error.startswith("ScopeError")
    assert "return a" in notebook["mistake in a scope"].error
    assert notebook["mistake in an update"].error.startswith("ConfigAddedError")
    assert "interactive=True" in notebook["not interactive"].error
    assert notebook["command line"].value == "('again', 21)"
