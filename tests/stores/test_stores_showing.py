"""Records as text: what hallow ls and hallow show print stays readable, whatever a record holds."""

from __future__ import annotations

import numpy as np
import pytest

import hallow
from hallow.__main__ import main
from hallow.observers import FileStorageObserver

LONG = "large_scale_pretraining_with_a_name_of_far_too_many_letters"


@pytest.fixture
def store(tmp_path):
    """A folder with two runs: one whose entries are long and odd, and a plain one."""
    ex = hallow.Experiment(LONG, interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.add_config(layers=[{"kind": "conv", "size": size} for size in range(40)], eye=np.eye(3), lr=0.1)

    @ex.main
    def work(_run):
        for step in range(30):
            _run.log_text("sample", str(step))
        return "two\nlines \x1b[31mred"

    @ex.command
    def short():
        return 1

    ex.run(loglevel="ERROR", tags=["日本", "x" * 60])
    ex.run("short", loglevel="ERROR", tags="plain")
    return str(tmp_path / "runs")


def printed(capsys, *words):
    assert main(words) == 0
    return capsys.readouterr().out.splitlines()


def test_the_list_has_a_line_for_each_run_and_no_endless_column(store, capsys):
    lines = printed(capsys, "ls", store)
    assert len(lines) == 3
    assert f"{LONG[:37]}...  work " in lines[1]
    assert "two lines \\x1b[31mred" in lines[1]
    assert lines[1].endswith("日本 " + "x" * 34 + "...")
    assert max(map(len, lines)) < 200
    # The columns stand below each other.
    assert lines[2].index("plain") == lines[0].index("tags")
    assert lines[1].index("日本") == lines[0].index("tags")


def test_letters_of_two_columns_move_nothing(tmp_path, capsys):
    ex = hallow.Experiment("実験", interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.main(lambda: None)
    ex.run(loglevel="ERROR", tags="a")
    heads, row = printed(capsys, "ls", str(tmp_path))
    assert row.index("<lambda>") == heads.index("command") - 2  # what comes before takes two columns more than letters


def test_long_values_are_cut_unless_all_is_wanted(store, capsys):
    lines = printed(capsys, "show", store, "1")
    (layers,) = [line for line in lines if line.startswith("  layers = ")]
    assert layers.startswith("  layers = [{'kind': 'conv', 'size': 0}")
    assert layers.endswith("... (1190 characters)")
    assert len(layers) < 250
    assert "  eye = array([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]])" in lines
    assert "  lr = 0.1" in lines
    assert lines[lines.index("artifacts:") + 21] == "  ... and 10 more"
    full = printed(capsys, "show", store, "1", "--full")
    assert "  layers = " + str([{"kind": "conv", "size": size} for size in range(40)]) in full
    assert "  texts/sample/00000029.txt" in full
    assert not [line for line in full if line.startswith("  ... and")]


def test_a_progress_bar_is_one_line(tmp_path, capsys):
    """Stores of the forerunner have each state of a bar; a terminal shows the last one."""
    ex = hallow.Experiment("bars", interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.main(lambda: None)
    ex.run(loglevel="ERROR")
    bars = "".join("".join(f"\repoch {epoch}: {step:3d}%" for step in range(101)) + "\n" for epoch in range(12))
    (tmp_path / "1" / "cout.txt").write_bytes(bars.encode())
    assert hallow.open_store(tmp_path).get(1).tail(2) == bars[bars.index("\repoch 10") :]
    lines = printed(capsys, "show", str(tmp_path), "1")
    assert lines[lines.index("output:") + 1 :] == [f"  epoch {epoch}: 100%" for epoch in range(2, 12)]


def test_a_metric_that_never_got_a_point(tmp_path, capsys):
    ex = hallow.Experiment("empty", interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.main(lambda: None)
    ex.run(loglevel="ERROR")
    (tmp_path / "1" / "metrics.json").write_text('{"loss": {"steps": [], "values": [], "timestamps": []}}')
    assert "metrics: loss: no points" in printed(capsys, "show", str(tmp_path), "1")


def test_damaged_metrics_hide_nothing_else(store, tmp_path, capsys):
    for path in (tmp_path / "runs" / "1" / ".hallow").glob("metrics*"):
        path.unlink()
    (tmp_path / "runs" / "1" / "metrics.json").write_text("{")
    lines = printed(capsys, "show", store, "1")
    assert "status: COMPLETED" in lines
    assert any(line.startswith("metrics: cannot be read: ") for line in lines)
