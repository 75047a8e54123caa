"""What projects that were written for Sacred do with runs and observers, line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest

pytestmark = pytest.mark.usefixtures("alias")


def test_what_main_functions_do_with_their_run(tmp_path):
    from sacred import Experiment
    from sacred.observers import FileStorageObserver

    ex = Experiment("usage")
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    (tmp_path / "data.txt").write_text("data")

    @ex.main
    def main(_run, _config):
        _run.info["list"] = []
        _run.info["list"].append(1)
        _run.info.setdefault("more", {})["x"] = 1
        ex.info["through"] = "ex"
        with _run.open_resource(str(tmp_path / "data.txt")) as file:
            text = file.read()
        (tmp_path / "model.pt").write_text("model")
        _run.add_artifact(str(tmp_path / "model.pt"))
        _run.add_artifact(str(tmp_path / "model.pt"), name="other.pt", metadata={"epoch": 1})
        ex.add_artifact(filename=str(tmp_path / "model.pt"), name="third.pt")
        _run.log_scalar("loss", 0.5)
        _run.log_scalar("loss", 0.25, 7)
        ex.log_scalar("acc", 1, step=2)
        _run.result = 42
        assert ex.current_run is _run
        assert _run.experiment_info["sources"][0][0] == "test_alias_runs.py"
        assert len(_run.experiment_info["sources"][0][1]) == 32
        assert isinstance(_run.start_time, datetime)
        return (text, _run.beat_interval, _run.unobserved, _run.main_function.__name__)

    ex.captured_out_filter = lambda text: text.upper()
    run = ex.run(info={"before": 1})
    assert run.result == ("data", 10.0, False, "main")
    folder = tmp_path / "runs" / "1"
    info = json.loads((folder / "info.json").read_text())
    assert {key: info[key] for key in ("before", "list", "more", "through")} == {
        "before": 1,
        "list": [1],
        "more": {"x": 1},
        "through": "ex",
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["loss"]["steps"], metrics["loss"]["values"], metrics["acc"]["steps"]) == ([0, 7], [0.5, 0.25], [2])
    assert sorted(json.loads((folder / "run.json").read_text())["artifacts"]) == ["model.pt", "other.pt", "third.pt"]
    stored = json.loads((folder / "run.json").read_text())
    assert datetime.strptime(stored["start_time"], "%Y-%m-%dT%H:%M:%S.%f").tzinfo is None  # noqa: DTZ007
    assert (folder / "other.pt").read_text() == "model"


def test_a_result_and_an_info_that_are_assigned(ex):
    class Interrupted(__import__("sacred.utils", fromlist=["utils"]).SacredInterrupt):
        STATUS = "ABORTED"

    @ex.main
    def main(_run, stop=True):
        _run.info = {"new": 1}
        _run.result = 5
        _run.config = {**_run.config, "more": 1}
        if stop:
            raise Interrupted

    with pytest.raises(Interrupted):
        ex.run()
    run = ex.current_run
    assert (run.status, run.info, run.result, run.config["more"]) == ("ABORTED", {"new": 1}, 5, 1)


def test_options_replace_the_observers_of_a_run(ex, tmp_path):
    from sacred import Experiment, cli_option
    from sacred.observers import FileStorageObserver

    @cli_option("-y", "--only")
    def only(args, run):
        run.observers = [FileStorageObserver(str(tmp_path / args))]

    ex = Experiment("usage", additional_cli_options=[only])
    ex.observers.append(FileStorageObserver(tmp_path / "first"))

    @ex.main
    def main():
        pass

    run = ex.run(options={"--only": "second"})
    assert [observer.dir for observer in run.observers] == [str(tmp_path / "second" / "1")]
    assert not (tmp_path / "first").exists()


def test_the_process_ends_inside_the_main_function(script):
    done = script(
        """
        import os
        from sacred import Experiment
        from sacred.observers import FileStorageObserver

        ex = Experiment("usage")
        ex.observers.append(FileStorageObserver("runs"))

        @ex.automain
        def main(_run):
            for step in range(3):
                _run.log_scalar("loss", step / 2, step)
            print("printed", flush=True)
            os._exit(3)
        """
    )
    assert done.code == 3
    folder = done.folder / "runs" / "1"
    assert json.loads((folder / "config.json").read_text())["seed"] > 0
    assert json.loads((folder / "run.json").read_text())["status"] == "RUNNING"
    # What had not been passed on yet is delivered afterwards.
    subprocess.run([sys.executable, "-m", "hallow", "recover", str(done.folder / "runs")], check=True)
    assert json.loads((folder / "run.json").read_text())["status"] == "DIED"
    assert json.loads((folder / "metrics.json").read_text())["loss"]["values"] == [0.0, 0.5, 1.0]
    assert "printed\n" in (folder / "cout.txt").read_text()


# --------------------------------------------------------------------------------------------------------- observers


def test_the_first_observer_chooses_the_id(ex, tmp_path):
    from sacred.observers import FileStorageObserver, RunObserver

    class Naming(RunObserver):
        priority = 100

        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            assert _id is None
            return "chosen"

    class Following(RunObserver):
        priority = 1

        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            self.told = _id

    following = Following()
    ex.observers = [following, FileStorageObserver(tmp_path / "runs"), Naming()]

    @ex.main
    def main(_run):
        return _run._id

    run = ex.run()
    assert run.result == run._id == following.told == "chosen"
    assert (tmp_path / "runs/chosen").is_dir()


def test_the_file_observer_as_it_is_used(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    observer = FileStorageObserver(str(tmp_path / "runs"), str(tmp_path / "res"), str(tmp_path / "src"), None, 25)
    assert (observer.dir, observer.template, observer.priority) == (None, None, 25)
    assert (str(observer.resource_dir), str(observer.source_dir)) == (str(tmp_path / "res"), str(tmp_path / "src"))
    ex.observers.append(observer)
    (tmp_path / "weights").write_text("w")

    @ex.main
    def main():
        folder = ex.observers[0].dir
        with open(os.path.join(folder, "own.txt"), "w") as file:
            file.write("own")
        ex.observers[0].save_file(str(tmp_path / "weights"), "renamed")
        for found in ex.observers:
            if "FileStorageObserver" in str(type(found)):
                return found.basedir, folder

    basedir, folder = ex.run().result
    assert os.fspath(basedir) == str(tmp_path / "runs")
    assert folder == str(tmp_path / "runs" / "1")
    assert (tmp_path / "runs/1/own.txt").read_text() == "own"
    assert (tmp_path / "runs/1/renamed").read_text() == "w"
    with pytest.raises(FileExistsError):
        observer.save_file(str(tmp_path / "weights"), "run.json")


def test_a_subclass_of_the_file_observer(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    class Dated(FileStorageObserver):
        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            return super().started_event(
                ex_info, command, host_info, start_time, config, meta_info, f"run-{config['tag']}"
            )

        def queued_event(self, ex_info, command, queue_time, config, meta_info, _id):
            raise AssertionError("is never called")

    ex.observers.append(Dated(str(tmp_path / "runs")))

    @ex.main
    def main(_run, tag="x"):
        return _run._id

    assert ex.run(config_updates={"tag": "seven"}).result == "run-seven"
    assert (tmp_path / "runs/run-seven/run.json").exists()


def test_the_folder_of_sources_is_deleted_during_the_run(ex, tmp_path):
    import shutil

    from sacred.observers import FileStorageObserver

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main():
        shutil.rmtree(os.path.join(ex.observers[0].basedir, "_sources"))
        return "went on"

    run = ex.run()
    assert (run.result, run.status) == ("went on", "COMPLETED")
    assert json.loads((tmp_path / "runs/1/run.json").read_text())["status"] == "COMPLETED"


def test_a_program_wants_its_metrics_on_disk_now(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    ex.observers.append(FileStorageObserver(tmp_path))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)
        _run.info["at"] = "middle"
        _run._emit_heartbeat()
        return [json.loads((tmp_path / "1" / name).read_text()) for name in ("metrics.json", "info.json")]

    run = ex.run()
    metrics, info = run.result
    assert metrics["loss"]["values"] == [0.5]
    assert info["at"] == "middle"
    run._emit_heartbeat()


def test_older_observers_lack_newer_parameters(ex, tmp_path):
    from sacred.observers import RunObserver

    told = []

    class Old(RunObserver):
        def heartbeat_event(self, info, captured_out, beat_time):
            told.append(("heartbeat", captured_out))

        def artifact_event(self, name, filename):
            told.append(("artifact", name))

        def completed_event(self, stop_time, result):
            told.append(("completed", result))

    class Stranger:
        """Nobody's subclass, with some of the events."""

        priority = 5

        def started_event(self, **facts):
            told.append(("started", sorted(facts)))

        def completed_event(self, stop_time, result):
            told.append(("stranger completed", result))

        def __getattr__(self, name):
            if name.endswith("_event") or name in ("log_metrics", "join"):
                return lambda **facts: None
            raise AttributeError(name)

    ex.observers = [Old(), Stranger()]
    (tmp_path / "a.txt").write_text("a")

    @ex.main
    def main(_run):
        print("text")
        _run.add_artifact(str(tmp_path / "a.txt"))
        return 3

    assert ex.run(options={"--capture": "sys"}).status == "COMPLETED"
    kinds = dict(told)
    assert kinds["artifact"] == "a.txt"
    assert "text" in kinds["heartbeat"]
    assert (kinds["completed"], kinds["stranger completed"]) == (3, 3)
    assert kinds["started"] == ["_id", "command", "config", "ex_info", "host_info", "meta_info", "start_time"]


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_observers_are_called_by_hand_too(tmp_path):
    from sacred.observers import FileStorageObserver

    observer = FileStorageObserver(tmp_path / "runs")
    now = datetime(2026, 1, 2, 3, 4, 5)
    info = {"name": "by hand", "base_dir": str(tmp_path), "sources": [], "dependencies": [], "repositories": []}
    assert observer.started_event(info, "main", {"hostname": "h"}, now, {"a": 1}, {"comment": "c"}, None) == "1"
    observer.heartbeat_event({"x": 1}, "printed\n", now, None)
    (tmp_path / "a.txt").write_text("a")
    observer.artifact_event("a.txt", str(tmp_path / "a.txt"))
    observer.resource_event(str(tmp_path / "a.txt"))
    observer.completed_event(stop_time=now, result=3)
    observer.join()
    found = texts(tmp_path / "runs" / "1")
    assert json.loads(found["run.json"])["result"] == 3
    assert json.loads(found["info.json"]) == {"x": 1}
    assert (found["cout.txt"], found["a.txt"]) == ("printed\n", "a")


def test_the_mongo_observer_as_it_is_used(ex, mongo_server, mongo_database):
    import gridfs
    import numpy as np
    from sacred.observers import MongoObserver
    from sacred.observers.mongo import force_bson_encodeable

    assert force_bson_encodeable({"a.b": 1, "$c": [1]}) == {"a,b": 1, "@c": [1]}

    class Annotating(MongoObserver):
        def started_event(self, *args, **kwargs):
            _id = super().started_event(*args, **kwargs)
            self.run_entry["annotation"] = "mine"
            return _id

    with mongo_server.client() as client:
        ex.observers.append(Annotating(client=client, db_name=mongo_database, overwrite=None))

        @ex.main
        def main(_run):
            _run.log_scalar("loss", 0.5, 1)
            _run.info["array"] = np.arange(3)
            _run.info["pair"] = (1, 2)
            _run.add_artifact(__file__, name="code.py")

        ex.run()
        entry = client[mongo_database].runs.find_one()
        (metric,) = client[mongo_database].metrics.find()
        assert entry["annotation"] == "mine"
        assert entry["info"]["metrics"] == [{"name": "loss", "id": str(metric["_id"])}]
        assert entry["info"]["pair"] == {"py/tuple": [1, 2]}
        assert entry["info"]["array"]["py/object"] == "numpy.ndarray"
        assert (entry["info"]["array"]["values"], entry["info"]["array"]["dtype"]) == ([0, 1, 2], "int64")
        (artifact,) = entry["artifacts"]
        kept = gridfs.GridFS(client[mongo_database]).get(artifact["file_id"])
        assert kept.filename == f"artifact://runs/{entry['_id']}/code.py"
