"""TensorBoard: what the real package reads of our event files, and what we read of all of them."""

from __future__ import annotations

import errno
import math
import os
import struct
import subprocess
import sys

import pytest

from hallow import open_store
from hallow.errors import HallowWarning
from hallow.integrations.tensorboard import EventsMirror, TensorBoardObserver, event_metrics, log_events, read_events

pytest.importorskip("tensorboard")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard")


def accumulated(path):
    """The real package's view of a folder or file."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    return found


def event_file(folder):
    (path,) = folder.glob("**/*tfevents*")
    return path


def write(path, *events):
    """An event file as the real package writes it; an event is a dict of arguments of the message."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(Event(**event).SerializeToString())
    return path


def scalar(tag, value, step, wall_time=100.0):
    """As torch's SummaryWriter writes a scalar."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    return {"summary": summary, "step": step, "wall_time": wall_time}


def tensor(tag, value, step, plugin="scalars", **fields):
    """As TensorFlow 2 writes a scalar; only the first one of a tag tells the plugin."""
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    fields = fields or {"dtype": 1, "float_val": [value]}
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin)) if plugin else None
    summary = Summary(value=[Summary.Value(tag=tag, tensor=TensorProto(**fields), metadata=metadata)])
    return {"summary": summary, "step": step, "wall_time": 100.0}


# ------------------------------------------------------------------------------------------------------ writing


def test_the_real_package_reads_what_a_run_wrote(recorded, tmp_path):
    """Scalars with step and time, the configuration as text and hyperparameters, and the status."""
    recorded.experiment.observers.append(TensorBoardObserver(tmp_path / "tb"))
    recorded.experiment.add_config(lr=0.5, opt={"name": "sgd", "steps": [1, 2], "nesterov": True}, huge=10**400)

    def main(_run):
        for step in range(3):
            _run.log_scalar("train.loss", 1 / (step + 1), step * 10)
        _run.log_scalar("odd", math.nan, 2.5)
        _run.log_scalar("odd", 1e300, "no number")
        _run.log_scalar("words", 1.5, 0)

    record = recorded.run(main)
    assert event_file(tmp_path / "tb").parent.name == "1"
    found = accumulated(event_file(tmp_path / "tb").parent)
    losses, points = found.Scalars("train.loss"), record.metrics["train.loss"]
    assert [event.step for event in losses] == [0, 10, 20]
    assert [event.value for event in losses] == pytest.approx(points.values)
    assert [event.wall_time for event in losses] == pytest.approx(points.times, abs=1e-5, rel=0)
    assert [event.step for event in found.Scalars("odd")] == [2, 0]
    assert math.isnan(found.Scalars("odd")[0].value)
    assert found.Scalars("odd")[1].value == math.inf
    assert b'"name": "sgd"' in found.Tensors("config")[0].tensor_proto.string_val[0]
    assert found.Tensors("status")[0].tensor_proto.string_val[0] == b"COMPLETED"

    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    contents = found.PluginTagToContent("hparams")
    started = HParamsPluginData.FromString(contents["_hparams_/session_start_info"]).session_start_info
    assert started.hparams["lr"].number_value == 0.5
    assert started.hparams["opt.nesterov"].bool_value is True
    assert started.hparams["opt.steps"].string_value == "[1, 2]"
    ended = HParamsPluginData.FromString(contents["_hparams_/session_end_info"]).session_end_info
    assert ended.status == 1  # success


def test_the_hparams_page_of_tensorboard_shows_the_run(recorded, tmp_path):
    """The plugin itself, as the page asks it, with two runs in one folder."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.hparams.backend_context import Context

    recorded.experiment.observers.append(TensorBoardObserver(tmp_path / "tb"))
    recorded.experiment.add_config(lr=0.5)
    recorded.run(lambda _run: _run.log_scalar("loss", 1.0))
    recorded.experiment.run("<lambda>", config_updates={"lr": 0.25}, loglevel="ERROR")
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "tb"))
    multiplexer.Reload()
    assert sorted(multiplexer.Runs()) == ["1", "2"]

    class Page:
        data_provider = MultiplexerDataProvider(multiplexer, str(tmp_path / "tb"))

    context = Context(Page())
    metadata = context.hparams_metadata(RequestContext(), "")
    shown = context.experiment_from_metadata(RequestContext(), "", True, metadata, [])
    assert {"lr", "seed"} <= {info.name for info in shown.hparam_infos}


def test_a_run_that_failed_says_so(recorded, tmp_path):
    recorded.experiment.observers.append(TensorBoardObserver(tmp_path / "tb"))

    def main():
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        recorded.run(main)
    text = accumulated(event_file(tmp_path / "tb")).Tensors("status")[0].tensor_proto.string_val[0]
    assert text.startswith(b"FAILED")
    assert b"no such thing" in text


def test_a_folder_that_cannot_be_made_costs_nothing_and_is_made_later(recorded, tmp_path):
    """What could not be written is written when that is possible, once."""
    blocked = tmp_path / "tb"
    blocked.write_text("in the way")
    recorded.experiment.observers.append(TensorBoardObserver(blocked))

    def main(_run):
        path = tmp_path / "a.txt"
        path.write_text("a")
        _run.log_scalar("a", 1.0)
        _run.add_artifact(path)
        blocked.unlink()
        _run.log_scalar("a", 2.0)

    assert recorded.run(main, beat_interval=0).status == "COMPLETED"
    assert read_events(event_file(blocked))["a"].values == [1.0, 2.0]


def test_points_that_did_not_fit_are_not_there_twice(recorded, tmp_path):
    """A write that fails half-way leaves nothing; the points come when there is room."""
    cut = []

    class Half:
        """A file whose first large write stops in the middle, as on a disk that is full then."""

        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            if len(cut) == 1:
                cut.append(len(data))
                raise OSError(errno.ENOSPC, "No space left on device")
            if len(data) > 5000 and not cut:
                cut.append(5000)
                return self.file.write(data[:5000])
            return self.file.write(data)

    class Small(TensorBoardObserver):
        def begin(self, run):
            super().begin(run)
            self._file = Half(self._file)

    recorded.experiment.observers.append(Small(tmp_path / "tb"))

    def main(_run):
        for step in range(1000):
            _run.log_scalar("a", float(step))

    record = recorded.run(main)
    assert record.status == "COMPLETED"
    assert len(cut) == 2
    assert read_events(event_file(tmp_path / "tb"))["a"].steps == list(range(1000))


def test_a_run_that_is_not_wanted_leaves_no_file(tmp_path):
    observer = TensorBoardObserver(tmp_path / "tb")
    from hallow import Experiment

    ex = Experiment("discarded", interactive=True, save_git_info=False)
    ex.observers.append(observer)
    ex.main(lambda _run: _run.log_scalar("a", 1.0))
    ex.run("<lambda>", loglevel="ERROR")
    assert os.path.exists(observer.path)
    observer.discard()
    assert list((tmp_path / "tb").iterdir()) == []


def test_two_runs_at_once_have_their_own_files(recorded, tmp_path):
    recorded.experiment.observers.append(TensorBoardObserver(tmp_path / "tb"))

    def inner(_run):
        _run.log_scalar("a", 2.0)

    recorded.experiment.command(inner)

    def main(_run):
        _run.log_scalar("a", 1.0)
        recorded.experiment.run("inner", loglevel="ERROR")
        _run.log_scalar("a", 3.0)

    recorded.run(main)
    found = {path.parent.name: read_events(path)["a"].values for path in (tmp_path / "tb").glob("*/*")}
    assert found == {"1": [1.0, 3.0], "2": [2.0]}


# ------------------------------------------------------------------------------------------------------ reading


def test_scalars_of_all_writers(tmp_path):
    """Plain values, tensors in their field or as bytes; what is no scalar is passed over."""
    path = write(
        tmp_path / "events.out.tfevents.1.host",
        {"file_version": "brain.Event:2", "wall_time": 1.0},
        scalar("torch", 0.5, 3, 7.25),
        scalar("torch", math.nan, 4, 8.25),
        tensor("tf", 0.25, 1),
        tensor("tf", 0.75, 2, plugin=None),
        tensor("bytes", 0, 1, dtype=2, tensor_content=struct.pack("<d", 1e-300)),
        tensor("words", 0, 1, plugin="text", dtype=7, string_val=[b"x"]),
        tensor("many", 0, 1, dtype=1, float_val=[1.0, 2.0]),
    )
    found = read_events(path)
    assert list(found) == ["torch", "tf", "bytes"]
    assert found["torch"].steps == [3, 4]
    assert found["torch"].times == [7.25, 8.25]
    assert math.isnan(found["torch"].values[1])
    assert (found["tf"].steps, found["tf"].values) == ([1, 2], [0.25, 0.75])
    assert found["bytes"].values == [1e-300]
    assert found["tf"].to_numpy()[1].tolist() == [0.25, 0.75]
    with open(path, "rb") as file:
        assert read_events(file)["tf"].values == [0.25, 0.75]


def test_a_tensor_that_claims_to_be_huge_is_passed_over(tmp_path):
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=10**12)])
    path = write(tmp_path / "a.tfevents.1", tensor("bomb", 0, 1, dtype=1, float_val=[1.0], tensor_shape=shape))
    assert read_events(path) == {}


def test_artifacts_of_a_record_are_metrics(recorded, tmp_path):
    """Files of several folders, as Keras makes them, with tags named apart."""
    write(tmp_path / "logs" / "train" / "events.out.tfevents.1.a.v2", tensor("epoch_loss", 0.5, 0))
    write(tmp_path / "logs" / "validation" / "events.out.tfevents.1.a.v2", tensor("epoch_loss", 0.75, 0))

    def main(_run):
        _run.add_artifact(tmp_path / "logs")

    record = recorded.run(main)
    found = event_metrics(record)
    assert {name: points.values for name, points in found.items()} == {
        "train/epoch_loss": [0.5],
        "validation/epoch_loss": [0.75],
    }
    one = next(file for file in record.artifacts if "validation" in file.name)
    assert read_events(one)["epoch_loss"].values == [0.75]
    assert read_events(tmp_path / "logs")["train/epoch_loss"].values == [0.5]


def test_a_record_without_event_files_has_none(recorded):
    assert event_metrics(recorded.run(lambda: 1)) == {}


def test_what_is_whole_in_a_file_that_was_cut_off(tmp_path):
    """At every byte of the last message: the points before are there, and one warning says where it ends."""
    path = write(tmp_path / "events.out.tfevents.1", scalar("a", 1.0, 0), scalar("a", 2.0, 1))
    whole = path.read_bytes()
    first = write(tmp_path / "events.out.tfevents.2", scalar("a", 1.0, 0)).stat().st_size
    assert read_events(path)["a"].values == [1.0, 2.0]
    for size in range(first + 1, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.warns(HallowWarning, match=f"cut off after byte {first}$") as notes:
            assert read_events(path)["a"].values == [1.0]
        assert len(notes) == 1


def test_what_is_whole_in_a_file_with_a_wrong_byte(tmp_path):
    """Whichever byte of the second message it is: nothing wrong is believed, and what can be found is found."""
    path = write(tmp_path / "events.out.tfevents.1", *(scalar("a", float(n), n) for n in (1, 2, 3)))
    data = path.read_bytes()
    size = len(data) // 3
    for place in range(size, 2 * size):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        with pytest.warns(HallowWarning, match="damaged") as notes:
            values = read_events(path)["a"].values
        assert len(notes) == 1
        assert values == ([1.0] if place < size + 12 else [1.0, 3.0])


def test_a_file_that_is_something_else(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"this is no event file at all, but a text of some length")
    with pytest.warns(HallowWarning, match="unreadable from byte 0 on"):
        assert read_events(path) == {}
    path.write_bytes(b"")
    assert read_events(path) == {}
    with pytest.raises(FileNotFoundError):
        read_events(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="no event file"):
        read_events((tmp_path / "empty").mkdir() or tmp_path / "empty")


# ---------------------------------------------------------------------------------------------------- following


def test_a_log_folder_becomes_metrics_of_the_run(recorded, tmp_path):
    """The writer that many scripts have already, with folders below for several curves."""
    write(tmp_path / "log" / "events.out.tfevents.1", scalar("loss", 0.5, 10), scalar("loss", 0.25, 20))
    write(tmp_path / "log" / "val" / "events.out.tfevents.1", scalar("loss", 0.75, 10))
    counts = []

    def main(_run):
        counts.append(log_events(None, tmp_path / "log", prefix="tb"))

    record = recorded.run(main)
    assert counts == [3]
    assert (record.metrics["tb.loss"].steps, record.metrics["tb.loss"].values) == ([10, 20], [0.5, 0.25])
    assert record.metrics["tb.val/loss"].values == [0.75]


def test_following_a_writer_takes_each_point_once(recorded, tmp_path):
    """Also while a message is only half written, which is no damage."""
    path = tmp_path / "log" / "events.out.tfevents.1"
    write(path, tensor("loss", 1.0, 0))
    two = write(tmp_path / "two", tensor("loss", 2.0, 1, plugin=None)).read_bytes()
    counts = []

    def main(_run):
        mirror = EventsMirror(_run, tmp_path / "log")
        counts.append(mirror.update())
        for part in (two[:20], two[20:]):
            with open(path, "ab") as file:
                file.write(part)
            counts.append(mirror.update())
        write(tmp_path / "log" / "events.out.tfevents.2", scalar("loss", 3.0, 2))
        counts.append(mirror.update())
        with open(path, "ab") as file:
            file.write(two[:20])
        with pytest.warns(HallowWarning, match="cut off") as notes:
            counts.append(mirror.update(closed=True))
            mirror.update(closed=True)
        assert len(notes) == 1

    record = recorded.run(main)
    assert counts == [1, 0, 1, 1, 0]
    assert record.metrics["loss"].values == [1.0, 2.0, 3.0]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no log folder"):
        log_events(None, tmp_path / "nothing")


def test_without_tensorboard_the_error_names_it(tmp_path):
    script = (
        "import sys; sys.modules['tensorboard'] = sys.modules['google_crc32c'] = None\n"
        "from hallow.integrations.tensorboard import TensorBoardObserver, read_events\n"
        "for use in (lambda: TensorBoardObserver('tb'), lambda: read_events(__file__)):\n"
        "    try: use()\n"
        "    except ImportError as error: print(type(error).__name__, error)\n"
    )
    (tmp_path / "s.py").write_text(script)
    done = subprocess.run([sys.executable, "s.py"], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.count("MissingExtraError") == done.stdout.count("pip install tensorboard") == 2, done.stderr


def test_making_the_observer_loads_nothing(tmp_path):
    script = (
        "import sys\nfrom hallow.integrations.tensorboard import TensorBoardObserver\nTensorBoardObserver('tb')\n"
        "print({'tensorboard', 'tensorflow', 'google', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True, cwd=tmp_path).strip() == "set()"


def test_a_run_that_is_resumed_goes_on_in_the_same_folder(recorded, tmp_path):
    """A mirror keeps no record, so nothing is asked of it; each attempt has a file."""
    recorded.experiment.observers.append(TensorBoardObserver(tmp_path / "tb"))

    def main(_run):
        _run.log_scalar("a", 1.0 + _run.resumed)
        if not _run.resumed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded.run(main)
    recorded.experiment.run("main", options={"--resume": "1"}, loglevel="ERROR")
    assert open_store(str(recorded.folder)).get(1).metrics["a"].values == [1.0, 2.0]
    assert sorted(read_events(path)["a"].values for path in (tmp_path / "tb" / "1").iterdir()) == [[1.0], [2.0]]


def test_the_writer_of_torch(recorded, tmp_path):
    """The real one, where torch is installed; `add_scalars` makes folders."""
    pytest.importorskip("torch")
    writers = pytest.importorskip("torch.utils.tensorboard")

    def main(_run):
        writer = writers.SummaryWriter(str(tmp_path / "log"))
        for step in range(3):
            writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalars("both", {"a": 1.0}, 0)
        writer.add_text("note", "no metric")
        writer.close()
        log_events(_run, tmp_path / "log")

    metrics = recorded.run(main).metrics
    assert metrics["loss"].values == pytest.approx([1, 1 / 2, 1 / 3])
    assert metrics["both_a/both"].values == [1.0]
