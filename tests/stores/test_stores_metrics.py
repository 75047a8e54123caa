"""The metrics of many runs in one table."""

from __future__ import annotations

import builtins
import math
import os
import sys

import pytest

from hallow.backends.file.metrics import MetricsFiles
from hallow.errors import MissingExtraError, RunNotFoundError, StoreError, UsageError
from hallow.records.contents import Contents
from hallow.records.points import Points
from hallow.stores import RunRecord, Store, metrics_table

START = 1_700_000_000.0


@pytest.fixture
def store(tmp_path):
    """A store; ``store.write(run, points, points, ...)`` appends one beat to a run."""
    return Folder(tmp_path / "runs")


class Folder:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def __fspath__(self):
        return str(self.folder)

    def write(self, run, *points, classic=False, own=True):
        folder = self.folder / str(run)
        folder.mkdir(exist_ok=True)
        (folder / "run.json").write_text("{}")
        files = MetricsFiles(str(folder))
        files.take_up()
        files.append_points(points)
        if classic:
            files.refresh(final=True)
        if not own:
            for path in (folder / ".hallow").iterdir():
                path.unlink()
        return folder


def points(name="loss", count=3, start=0, value=float):
    steps = list(range(start, start + count))
    return Points(name, steps, [value(step) for step in steps], [START + step + 0.25 for step in steps])


def test_metrics_reading(store, monkeypatch):
    """One call, one file opened for each run, no more points made than are asked for."""
    for run in range(1, 31):
        store.write(run, points("train.loss", 50), points("acc", 50), classic=True, own=run % 3 > 0)
    (store.folder / "notes").mkdir()
    opened = []
    real = builtins.open

    def counting(file, *args, **kwargs):
        opened.append(os.fspath(file))
        return real(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", counting)
    table = metrics_table(store)
    found = [path for path in opened if os.path.exists(path)]
    assert len(found) == 30
    assert len({os.path.dirname(path.replace("/.hallow", "")) for path in found}) == 30
    assert len(table) == 30 * 100
    assert {len(column) for column in (table.run, table.name, table.step, table.time, table.value)} == {3000}
    assert list(dict.fromkeys(table.run)) == [str(run) for run in range(1, 31)]
    assert next(table.rows()) == ("1", "train.loss", 0, START + 0.25, 0.0)
    assert len(metrics_table(store, names=["acc"])) == 1500
    thin = metrics_table(store, at_most=5)
    assert len(thin) == 30 * 2 * 5
    assert thin.step[:5] == [0, 12, 24, 36, 49]
    assert table.problems == thin.problems == {}


def test_the_beats_of_a_metric_are_joined(store):
    store.write(1, points("b"), points("a"))
    store.write(1, points("a", start=3), points("c", 1))
    table = metrics_table(store)
    assert table.name == ["b"] * 3 + ["a"] * 6 + ["c"]
    assert table.step == [0, 1, 2, 0, 1, 2, 3, 4, 5, 0]
    assert metrics_table(store, names="a", at_most=2).step == [0, 5]


def test_rows_are_as_they_were_logged(store):
    nan = float("nan")
    values = [nan, math.inf, -math.inf, 10**20, True, None, "text", [1, 2], 1e-300]
    steps = [5, 3, 3, 0.5, 1, 2, 3, 4, "best"]
    times = [START + number / 7 for number in range(9)]
    for own in (True, False):
        run = store.write(int(own), Points('ü/ä, "steps": ', steps, values, times), classic=True, own=own).name
        table = metrics_table(store, [run])
        assert table.name == ['ü/ä, "steps": '] * 9
        assert table.step == steps
        assert repr(table.value) == repr(values)
        assert table.time == pytest.approx(times, abs=2e-6)


def test_which_runs_and_metrics(store):
    for run in (1, 2, 10, "abc"):
        store.write(run, points("train.loss", 1), points("train.acc", 1), points("test.acc[0]", 1))
    assert list(dict.fromkeys(metrics_table(store).run)) == ["1", "2", "10", "abc"]
    assert metrics_table(store, runs=[10, "1"], names="train.loss").run == ["10", "1"]
    assert metrics_table(store, runs=2, names=["train.*"]).name == ["train.loss", "train.acc"]
    assert metrics_table(store, runs="abc", names=("test.acc[0]",)).name == ["test.acc[0]"]
    assert len(metrics_table(store, names=["nothing"])) == 0
    with pytest.raises(RunNotFoundError, match="no run 7"):
        metrics_table(store, runs=[7])


def test_runs_without_metrics(store):
    (store.folder / "1").mkdir()
    (store.folder / "1/metrics.json").write_text("{}")
    (store.folder / "2").mkdir()
    (store.folder / "_sources").mkdir()
    (store.folder / "file").write_text("x")
    table = metrics_table(store, runs=[1, 2])
    assert (len(table), table.problems) == (0, {})
    assert len(metrics_table(store)) == 0


@pytest.mark.parametrize(
    ("count", "at_most", "steps"),
    [
        (5, 2, [0, 4]),
        (5, 3, [0, 2, 4]),
        (5, 5, [0, 1, 2, 3, 4]),
        (5, 100, [0, 1, 2, 3, 4]),
        (1, 2, [0]),
        (1000, 4, [0, 333, 666, 999]),
    ],
)
def test_thinning(store, count, at_most, steps):
    store.write(1, points(count=count))
    assert metrics_table(store, at_most=at_most).step == steps


def test_mistakes(store, tmp_path):
    with pytest.raises(UsageError, match="at least 2"):
        metrics_table(store, at_most=1)
    with pytest.raises(StoreError, match="no file store"):
        metrics_table(tmp_path / "nothing")


@pytest.mark.parametrize(
    "text",
    [
        '{"loss": {"steps": [1], "values": [], "timestamps": []}}',
        '{"loss": {"values": [1]}}',
        '{"loss": [1, 2]}',
        '{"loss": {"steps": [0], "values": [1], "timestamps": [17]}}',
        '{"loss": {"steps": [0], "values": [1], "timestamps": ["yesterday"]}}',
        "[]",
        '{"loss": {"st',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_damaged_run_is_left_out(store, text):
    folder = store.write(1, points())
    (folder / ".hallow/metrics.jsonl").unlink()
    (folder / "metrics.json").write_bytes(text.encode("latin-1"))
    store.write(2, points())
    table = metrics_table(store)
    assert table.run == ["2"] * 3
    assert list(table.problems) == ["1"]
    assert "Error: " in table.problems["1"]
    assert "3 points, 1 run cannot be read" in repr(table)


class Away(Contents):
    """Of a run whose store has gone since it was listed."""

    asked = 0

    def read_points(self, wanted=None):
        Away.asked += 1
        raise StoreError("the server has gone")

    def nothing(self, *_):
        raise NotImplementedError

    details = annotate = output_size = read_output = open = nothing


def test_a_store_that_cannot_be_reached_is_one_error_and_not_one_for_each_run():
    class Listed(Store):
        url = "listed:"

        def ids(self):
            return iter(range(5))

        def get(self, run_id):
            return RunRecord(run_id, self.url, Away())

        def delete(self, run_id):
            raise NotImplementedError

    with pytest.raises(StoreError, match="has gone"):
        metrics_table(Listed())
    assert Away.asked == 1


def test_a_torn_tail_is_no_damage_but_a_broken_line_is(store):
    folder = store.write(1, points())
    log = folder / ".hallow/metrics.jsonl"
    whole = log.read_bytes()
    for torn in (b'{"name": "lo', b'{"name": "loss", "steps": [1, 2', b'{"name": "loss", "steps": [1, 2\n', b"\0" * 90):
        log.write_bytes(whole + torn)
        table = metrics_table(store)
        assert (table.step, table.problems) == ([0, 1, 2], {})
        log.write_bytes(whole + torn.rstrip(b"\n") + b"\n" + whole)
        table = metrics_table(store)
        assert len(table) == 0
        assert "line 2 of .hallow/metrics.jsonl" in table.problems["1"]


def test_a_run_that_goes_on_can_be_read(store):
    folder = store.write(1, points())
    assert not (folder / "metrics.json").exists()
    assert len(metrics_table(store)) == 3


def test_pandas(store, monkeypatch):
    pytest.importorskip("pandas")
    store.write(1, points())
    frame = metrics_table(store).to_pandas()
    assert list(frame.columns) == ["run", "name", "step", "time", "value"]
    assert frame["value"].sum() == 3
    assert str(frame["time"].dt.tz) == "UTC"
    assert frame["time"][0].timestamp() == pytest.approx(START + 0.25)
    assert list(metrics_table(store, names=["nothing"]).to_pandas().columns) == list(frame.columns)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        metrics_table(store).to_pandas()


def test_reading_loads_no_back_end_before_it_is_used(run_script):
    done = run_script(
        """
        import sys, hallow
        hallow.stores
        assert not [name for name in sys.modules if name.startswith(("hallow.backends", "hallow.stores.m"))]
        hallow.stores.metrics_table
        assert not [name for name in sys.modules if name.startswith(("hallow.backends", "hallow.running", "numpy", "pandas"))]
        try:
            hallow.stores.nothing
        except AttributeError as error:
            print(error)
        """
    )
    assert done.code == 0, done.err
    assert (
        "this version has Copied, MetricsTable, RecordedFile, RunRecord, Store, copy_runs, metrics_table, open_store"
        in done.out
    )
