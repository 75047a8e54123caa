"""What users of the forerunner suffered from, where it concerns stores of more than one kind."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hallow
from hallow.observers import FileStorageObserver, observer_for
from hallow.stores import metrics_table, open_store
from hallow.testing.contract.support import Session

LOCAL = {"file": "runs", "tinydb": "tinydb:runs", "sqlite": "sqlite:///runs.db", "objects": "file://{folder}/objects"}


def written():
    """Bytes that this process has handed to the system."""
    return int(re.search(r"wchar: (\d+)", Path("/proc/self/io").read_text())[1])


@pytest.fixture(params=LOCAL)
def url(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return LOCAL[request.param].format(folder=tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="counted with the help of the kernel")
def test_metrics_rewrite(url):
    """Ten new points cost the same after a hundred thousand as after a thousand."""
    session = Session(None, observer=observer_for(url))
    costs = []
    for more in (1_000, 99_000):
        for _ in range(max(1, more // 33_000)):
            session.log("loss", min(more, 33_000))
            session.beat()
        beats = []
        for _ in range(5):
            before = written()
            session.log("loss", 10)
            session.beat()
            beats.append(written() - before)
        costs.append(sorted(beats)[2])
    assert costs[1] <= 2 * costs[0] + 1000
    assert costs[1] < 64_000 if url.startswith("sqlite") else costs[1] < 20_000  # SQLite writes whole pages, twice
    session.complete()


def test_metrics_dropped(url):
    """Every store keeps metrics; the same script leaves the same points in each."""
    ex = hallow.Experiment("kept", save_git_info=False)
    ex.observers += [observer_for(url), FileStorageObserver("compared")]

    @ex.main
    def main(_run):
        for step in range(500):
            _run.log_scalar("train.loss", 1 / (step + 1), 3 * step)
            _run.log_scalar("train.bad", float("nan"))

    ex.run()
    one, other = (metrics_table(place) for place in (url, "compared"))
    assert (one.name, one.step, list(map(repr, one.value))) == (other.name, other.step, list(map(repr, other.value)))
    assert one.time == pytest.approx(other.time, abs=1e-3)


def test_numpy_scalars(url):
    """A result can be compared in a query, whatever library it came from."""
    np = pytest.importorskip("numpy")
    ex = hallow.Experiment("numbers", save_git_info=False)
    ex.observers.append(observer_for(url))

    @ex.main
    def main(_run):
        _run.info.update(count=np.int64(3), flag=np.bool_(True), small=np.array(2.5), table=np.arange(4))
        return np.float32(0.5)

    ex.run()
    with open_store(url) as store:
        found = [record for record in store.runs() if record.result > 0.4]
        (record,) = found
        assert (type(record.result), record.info["count"], record.info["flag"]) == (float, 3, True)
        assert record.info["small"] == 2.5
        assert record.info["table"].tolist() == [0, 1, 2, 3]


@pytest.mark.filterwarnings("ignore::hallow.errors.HallowWarning")
def test_info_poison_in_every_store(url):
    """One value that cannot be stored costs nothing else."""
    ex = hallow.Experiment("poison", save_git_info=False)
    ex.observers.append(observer_for(url))

    @ex.main
    def main(_run):
        _run.info.update(ok=1, bad=sys.stdout.write, nested={"bad": (x for x in ()), "a.b": {"$c": 2}})

    ex.run()
    with open_store(url) as store:
        (record,) = store.runs()
        assert (record.info["ok"], record.info["nested"]["a.b"]) == (1, {"$c": 2})


def test_delete_orphans(url):
    """Two runs share a source and a resource: delete one, they stay; delete both, they go."""
    Path("data.csv").write_text("1,2")
    ex = hallow.Experiment("orphans", save_git_info=False, base_dir=str(Path(__file__).parent))
    ex.add_source_file(__file__)
    ex.observers.append(observer_for(url))
    ex.main(lambda _run: _run.add_resource("data.csv"))
    ids = [ex.run()._id for _ in range(2)]
    with open_store(url) as store:
        first, second = map(store.get, ids)
        store.delete(ids[0])
        assert second.resources[0].read_text() == "1,2"
        assert "test_delete_orphans" in second.source(Path(__file__).name).read_text()
        for file in (*first.resources, *second.resources):
            assert file.read_text() == "1,2"
        store.delete(ids[1])
        with pytest.raises(FileNotFoundError):
            second.resources[0].read_text()
        assert list(store.runs()) == []


def test_sources_bulk(url, tmp_path):
    """Many runs of one project: its sources are stored once."""
    for _ in range(12):
        ex = hallow.Experiment("bulk", save_git_info=False, base_dir=str(Path(__file__).parent))
        ex.add_source_file(__file__)
        ex.observers.append(observer_for(url))
        ex.main(lambda: 1)
        ex.run()
    copies = [path for path in tmp_path.rglob("*") if path.is_file() and b"def test_sources_bulk(" in path.read_bytes()]
    assert len(copies) <= 1 + url.startswith("sqlite")  # and the log of the database


def test_no_server_default(tmp_path):
    """With the required packages alone, and without a network: a store with metrics and artifacts, and a way to look."""
    (tmp_path / "script.py").write_text(
        textwrap.dedent(
            """
            import sys

            for name in ("pymongo", "sqlalchemy", "tinydb", "fsspec", "s3fs", "numpy", "pandas", "apprise", "requests"):
                sys.modules[name] = None

            def refuse(event, args):
                if event.startswith("socket.connect"):
                    sys.exit("somebody wants to go out")

            sys.addaudithook(refuse)
            import hallow
            from hallow.observers import FileStorageObserver

            ex = hallow.Experiment("alone")
            ex.observers.append(FileStorageObserver("runs"))

            @ex.automain
            def main(_run):
                _run.log_scalar("loss", 0.5)
                _run.add_artifact(__file__)
            """
        )
    )
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True, capture_output=True)
    shown = subprocess.run(
        [sys.executable, "-m", "hallow", "show", "runs", "1"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert "loss: 1 point, last 0.5 at step 0" in shown
    assert "artifacts: script.py" in shown
