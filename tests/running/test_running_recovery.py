"""Closing dead runs and delivering what observers did not get: ``hallow recover``, ``hallow watch``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import hallow
from hallow.__main__ import main as command
from hallow.backends.file.facts import read_facts
from hallow.errors import JournalError
from hallow.running.recovery import recover

SOURCE = str(Path(hallow.__file__).parents[1])
SCRIPT = """
import os, signal, sys, time
from hallow import Experiment, SETTINGS
from hallow.observers import FileStorageObserver

ex = Experiment("mortal", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))
"""


@pytest.fixture
def die(tmp_path, monkeypatch):
    """Run a script that ends badly, in a folder with a state directory of its own."""
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def die(body, *words, prefix=()):
        (tmp_path / "mortal.py").write_text(SCRIPT + textwrap.dedent(body), encoding="utf-8")
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([SOURCE, str(tmp_path)]), "PYTHONUNBUFFERED": ""}
        return subprocess.run(
            [*prefix, sys.executable, "mortal.py", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return die


def entry(run_id="1"):
    return json.loads(Path("runs", run_id, "run.json").read_text())


def points(run_id="1"):
    return json.loads(Path("runs", run_id, "metrics.json").read_text())


KILLED = """
@ex.automain
def main(_run):
    for step in range(5):
        _run.log_scalar("loss", step / 10, step)
        print("step", step)
    _run.log_scalar("odd", float("nan"))
    _run.log_scalar("odd", 10**30)
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_R1_a_killed_run_is_closed_with_everything(die):
    assert die(KILLED).returncode == -signal.SIGKILL
    assert entry()["status"] == "RUNNING"
    (found,) = recover("runs")
    assert (found.state, found.status, found.run_id, found.problems) == ("closed", "DIED", "1", [])
    assert "SIGKILL" in found.cause
    assert entry()["status"] == "DIED"
    assert entry()["stop_time"]
    assert points()["loss"]["values"] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert str(points()["odd"]["values"]) == f"[nan, {10**30}]"
    text = Path("runs/1/cout.txt").read_text()
    assert [line for line in text.splitlines() if line.startswith("step")] == [f"step {n}" for n in range(5)]
    facts = read_facts("runs/1")
    assert facts["metrics"]["loss"]["last"] == 0.4
    assert facts["run"]["exit_code"] is None
    assert not Path("runs/1/.hallow/journal").exists()


def test_a_second_recovery_finds_nothing(die, capsys):
    die(KILLED)
    recover("runs")
    before = Path("runs/1/run.json").read_bytes()
    assert recover("runs") == []
    assert command(["recover", "runs"]) == 0
    assert "Nothing to recover." in capsys.readouterr().out
    assert Path("runs/1/run.json").read_bytes() == before


def test_a_dry_run_changes_nothing(die, capsys):
    die(KILLED)
    before = {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()}
    assert command(["recover", "runs", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "run 1: would be closed as DIED" in shown
    assert "7 of 7 points" in shown
    assert {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()} == before


def test_a_run_or_a_journal_may_be_named(die):
    die(KILLED)
    die(KILLED)
    assert [found.run_id for found in recover("runs/1")] == ["1"]
    assert [found.run_id for found in recover("runs/2/.hallow/journal")] == ["2"]
    assert [entry(run)["status"] for run in ("1", "2")] == ["DIED", "DIED"]


def test_os_exit_is_known(die):
    done = die(
        """
        @ex.automain
        def main(_run):
            _run.log_scalar("m", 1.0)
            _run.info["known"] = [1, 2]
            _run.result = 7
            print("last words", flush=True)
            os._exit(3)
        """
    )
    assert done.returncode == 3
    (found,) = recover("runs")
    assert (found.status, "exit code 3" in found.cause) == ("DIED", True)
    assert read_facts("runs/1")["run"]["exit_code"] == 3
    assert json.loads(Path("runs/1/info.json").read_text())["known"] == [1, 2]
    assert entry("1")["result"] == 7
    assert "last words" in Path("runs/1/cout.txt").read_text()


def test_a_run_that_lives_is_left_alone(die, tmp_path):
    body = """
    @ex.automain
    def main():
        open("ready", "w").close()
        time.sleep(60)
    """
    (tmp_path / "mortal.py").write_text(SCRIPT + textwrap.dedent(body), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": SOURCE}
    process = subprocess.Popen([sys.executable, "mortal.py"], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not Path("ready").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        (found,) = recover("runs")
        assert found.state == "running"
        assert entry()["status"] == "RUNNING"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert entry()["status"] == "INTERRUPTED"
    assert recover("runs") == []


def test_a_run_of_another_machine_is_closed_only_on_request(die):
    die(KILLED)
    header = Path("runs/1/.hallow/journal/journal.json")
    data = json.loads(header.read_text())
    data["owner"].update(host="elsewhere", boot="another", machine="another")
    header.write_text(json.dumps(data) + "\n")
    (found,) = recover("runs")
    assert (found.state, entry()["status"]) == ("unknown", "RUNNING")
    (found,) = recover("runs", assume_dead=True)
    assert (found.state, entry()["status"]) == ("closed", "DIED")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "other"}'])
def test_a_damaged_header_in_a_store_is_made_up_for(die, content):
    die(KILLED)
    Path("runs/1/.hallow/journal/journal.json").write_text(content)
    (found,) = recover("runs")
    assert (found.state, found.status) == ("closed", "DIED")
    assert points()["loss"]["values"] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert "step 4" in Path("runs/1/cout.txt").read_text()


def test_a_damaged_header_elsewhere_is_reported_and_left_alone(die, tmp_path):
    die(KILLED)
    journal = tmp_path / "state/journals/x"
    journal.parent.mkdir(parents=True)
    Path("runs/1/.hallow/journal").rename(journal)
    (journal / "journal.json").write_text("{")
    (found,) = recover()
    assert found.state == "damaged"
    assert found.problems
    assert (journal / "metrics").exists()


def test_a_header_calls_nothing_but_observers(die):
    """What a journal names is looked at before it is called."""
    die(KILLED)
    header = Path("runs/1/.hallow/journal/journal.json")
    data = json.loads(header.read_text())
    data["observers"][0].update({"class": "os:system", "arguments": {"command": "touch executed"}})
    header.write_text(json.dumps(data) + "\n")
    (found,) = recover("runs")
    assert found.state == "open"
    assert "no observer" in found.problems[0]
    assert not Path("executed").exists()


def test_the_target_must_exist(capsys):
    with pytest.raises(JournalError, match="there is no folder"):
        recover("nowhere")
    assert command(["recover", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert command(["recovre"]) == 2
    assert "did you mean recover?" in capsys.readouterr().err
    assert command(["watch"]) == 2


AWAY = '''
"""A file store on a mount that may be away."""
import os
from hallow.observers import FileStorageObserver

class Mounted(FileStorageObserver):
    def points_event(self, points):
        self.check()
        super().points_event(points)

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.check()
        super().heartbeat_event(info, captured_out, beat_time, result)

    def output_event(self, text, position):
        self.check()
        super().output_event(text, position)

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        self.check()
        return super().artifact_event(name, filename, metadata, content_type)

    def check(self):
        if os.path.exists("away"):
            raise OSError("the mount is away")

    @property
    def journal_folder(self):
        return None
'''


def test_what_an_ended_run_could_not_deliver_is_delivered(die, tmp_path):
    """Points, text, artifacts (from copies), info and result; the status is that of the run."""
    (tmp_path / "mounted.py").write_text(AWAY)
    done = die(
        """
        from mounted import Mounted
        ex.observers[:] = [Mounted("runs")]

        @ex.automain
        def main(_run):
            open("away", "w").close()
            _run.log_scalar("m", 1.5)
            print("text äöü")
            open("a.txt", "w").write("as it was")
            _run.add_artifact("a.txt")
            os.unlink("a.txt")
            _run.info["known"] = {"a": (1, 2)}
            return {"acc": 0.5}
        """
    )
    assert done.returncode == 0
    assert "hallow recover" in done.stderr
    assert not Path("runs/1/a.txt").exists()
    sys.path.insert(0, str(tmp_path))
    try:
        (found,) = recover()
        assert found.state == "open"
        assert "away" in found.problems[0]
        Path("away").unlink()
        (found,) = recover()
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("mounted", None)
    assert (found.state, found.status) == ("closed", "COMPLETED")
    assert Path("runs/1/a.txt").read_text() == "as it was"
    assert points()["m"]["values"] == [1.5]
    assert "text äöü" in Path("runs/1/cout.txt").read_text(encoding="utf-8")
    assert (entry()["status"], entry()["result"]) == ("COMPLETED", {"acc": 0.5})
    assert json.loads(Path("runs/1/info.json").read_text()) == {"known": {"a": {"py/tuple": [1, 2]}}}
    assert recover() == []


def test_what_the_filter_had_made_of_the_output_stays(die):
    die(
        """
        ex.captured_out_filter = lambda text: text.replace("secret", "******")

        @ex.automain
        def main(_run):
            print("the secret is told", flush=True)
            assert "secret" not in _run.captured_out
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        "-b",
        "0.02",
    )
    recover("runs")
    assert "the ****** is told" in Path("runs/1/cout.txt").read_text()


def test_a_nested_run_is_closed_too(die):
    die(
        """
        @ex.command
        def inner(_run):
            print("inside", flush=True)
            _run.log_scalar("inner", 1.0)
            os.kill(os.getpid(), signal.SIGKILL)

        @ex.automain
        def main(_run):
            print("outside", flush=True)
            _run.log_scalar("outer", 1.0)
            ex.run("inner")
        """
    )
    found = {one.run_id: one for one in recover("runs")}
    assert {run_id: one.state for run_id, one in found.items()} == {"1": "closed", "2": "closed"}
    outer, inner = (Path("runs", run, "cout.txt").read_text() for run in ("1", "2"))
    assert ("inside" in outer, "outside" in outer) == (True, True)
    assert ("inside" in inner, "outside" in inner) == (True, False)
    assert (list(points("1")), list(points("2"))) == (["outer"], ["inner"])


# ---------------------------------------------------------------------------------------------------- watching


def test_watch_knows_the_signal(die):
    done = die(KILLED, prefix=(sys.executable, "-m", "hallow", "watch"))
    assert done.returncode == 128 + signal.SIGKILL
    assert "run 1: closed as DIED: the process was killed by SIGKILL" in done.stderr
    assert read_facts("runs/1")["run"]["signal"] == "SIGKILL"
    assert entry()["status"] == "DIED"
    assert points()["loss"]["values"] == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_watch_hands_on_exit_codes_and_says_nothing_of_runs_that_end(die):
    done = die(
        """
        @ex.automain
        def main():
            raise SystemExit(5)
        """,
        prefix=(sys.executable, "-m", "hallow", "watch", "--"),
    )
    assert done.returncode == 5
    assert "closed as" not in done.stderr
    assert entry()["status"] == "FAILED"


def test_watch_hands_on_signals(die, tmp_path):
    body = """
    @ex.automain
    def main():
        open("ready", "w").close()
        time.sleep(60)
    """
    (tmp_path / "mortal.py").write_text(SCRIPT + textwrap.dedent(body), encoding="utf-8")
    words = [sys.executable, "-m", "hallow", "watch", sys.executable, "mortal.py"]
    process = subprocess.Popen(words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": SOURCE}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not Path("ready").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert entry()["status"] == "INTERRUPTED"


def test_watch_names_what_cannot_be_started(capsys):
    assert command(["watch", "no-such-program"]) == 2
    assert "no-such-program" in capsys.readouterr().err


def test_the_end_is_known_though_the_disk_was_full(die):
    """The log of events cannot grow then, but the state has its room already."""
    done = die(
        """
        import errno
        from hallow.journal.events import EventLog

        class Full(FileStorageObserver):
            def completed_event(self, stop_time, result):
                raise OSError(errno.ENOSPC, "full")

        def append(self, event):
            raise OSError(errno.ENOSPC, "full")

        ex.observers[:] = [FileStorageObserver("runs")]
        FileStorageObserver.completed_event = Full.completed_event

        @ex.automain
        def main(_run):
            time.sleep(0.1)
            EventLog.append = append
            return 7
        """,
        "-b",
        "0.02",
    )
    assert done.returncode == 0, done.stderr
    assert entry()["status"] == "RUNNING"
    (found,) = recover("runs")
    assert (found.state, found.status) == ("closed", "COMPLETED")
    assert (entry()["status"], entry()["result"]) == ("COMPLETED", 7)
