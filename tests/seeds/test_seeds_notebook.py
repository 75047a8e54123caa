"""The notebook in examples/sacred, executed by a real kernel."""

from __future__ import annotations

import re

import pytest

from seeds_running import FOLDER

nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

pytestmark = pytest.mark.filterwarnings("ignore")  # kernel clients warn of event loops and transports


@pytest.fixture
def executed(tmp_path):
    """The notebook's code cells, with outputs."""
    import nbformat

    book = nbformat.read(FOLDER / "notebook.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "it is kept without outputs"
    nbclient.NotebookClient(
        book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    return [cell for cell in book.cells if cell["cell_type"] == "code"]


def shown(cell):
    """What a cell prints, and its value."""
    streams = "".join(output["text"] for output in cell["outputs"] if output["output_type"] == "stream")
    values = [output["data"]["text/plain"] for output in cell["outputs"] if output["output_type"] == "execute_result"]
    return streams, values[0] if values else None


def test_notebook(executed, tmp_path):
    from hallow import open_store

    *_, first, second, recorded = map(shown, executed)
    assert first[1] == "12"
    assert re.search(r"^Hello world!$", first[0], re.MULTILINE)
    assert second[1] == "('COMPLETED', 15)"
    assert "Hello notebook!\n" in second[0]
    assert recorded[1] == "[('1', 'Hello world!', 12), ('2', 'Hello notebook!', 15)]"
    records = list(open_store(str(tmp_path / "notebook_runs")))
    assert [record.metrics["length"].values for record in records] == [[12], [15]]
    assert ["Hello world!" in records[0].output, "Hello notebook!" in records[1].output] == [True, True]
    assert any("def main(message, _run):" in cell for cell in records[0].details["cells"])
