"""Observers that wrap others or only send messages, in runs that die, are resumed, or lose their store."""

import json
import os
import signal
import subprocess
import sys

import pytest
from observers_http import SECRET, leaks

import hallow
from hallow import SETTINGS, Experiment
from hallow.observers import FileStorageObserver, QueueObserver, SlackObserver
from hallow.testing import RecordingObserver

SCRIPT = """
import os, signal
from hallow import Experiment
from hallow.observers import FileStorageObserver, QueueObserver, SlackObserver

ex = Experiment("s", save_git_info=False)
ex.observers.append(QueueObserver(FileStorageObserver("runs")))
ex.observers.append(SlackObserver("URL"))

@ex.automain
def main(_run, die=True):
    _run.log_scalar("a", 1.0)
    if die and not _run.resumed:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def script(tmp_path):
    def run(text, *words):
        (tmp_path / "s.py").write_text(text)
        return subprocess.run(
            [sys.executable, "s.py", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )

    return run


def entry(folder):
    return json.loads((folder / "1" / "run.json").read_text())


def test_a_queued_store_and_a_messenger_are_recovered_and_resumed(script, tmp_path, service):
    text = SCRIPT.replace("URL", service.url + "/x")
    assert script(text).returncode == -signal.SIGKILL
    done = subprocess.run(
        [sys.executable, "-m", "hallow", "recover", "runs"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert entry(tmp_path / "runs")["status"] == "DIED"
    done = script(text, "--resume", "1")
    assert done.returncode == 0, done.stderr
    assert entry(tmp_path / "runs")["status"] == "COMPLETED"
    assert len(service.messages) == 1


def test_a_message_does_not_make_a_run_safe(tmp_path, service, monkeypatch):
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    ex = Experiment("s", save_git_info=False)
    ex.observers += [
        RecordingObserver(1, fail={"log_metrics": ValueError("no")}),
        SlackObserver(service.url + "/x"),
    ]
    ex.main(lambda _run: _run.log_scalar("a", 1.0))
    ex.run()
    assert os.listdir(tmp_path / "state" / "journals")


def test_a_message_that_hangs_leaves_no_journal(tmp_path, service, monkeypatch):
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    SETTINGS.EXIT_TIMEOUT = 0.2
    service.let_go.clear()
    ex = Experiment("s", save_git_info=False)
    ex.observers += [SlackObserver(service.url + "/x", timeout=3)]
    ex.main(lambda _run: _run.log_scalar("a", 1.0))
    ex.run()
    assert os.listdir(tmp_path / "state" / "journals") == []


def test_a_queued_store_can_be_added_to(tmp_path):
    ex = Experiment("s", save_git_info=False)
    ex.observers += [QueueObserver(FileStorageObserver(tmp_path / "runs"))]
    ex.main(lambda: 1)
    ex.run()
    with hallow.reopen(ex.observers[0], 1) as run:
        run.log_scalar("a", 1.0)
    assert hallow.open_store(tmp_path / "runs").get(1).metrics["a"].values == [1.0]


def test_the_command_line_sends_messages_and_keeps_secrets(script, tmp_path, service):
    pytest.importorskip("apprise")
    text = SCRIPT.replace("URL", service.url + "/x").replace("ex.observers.append(Slack", "(Slack")
    words = (f"--notify=json://127.0.0.1:{service.port}/{SECRET}", "-F", "other", "with", "die=False")
    done = script(text, *words)
    assert done.returncode == 0, done.stderr
    assert len(service.messages) == 1
    assert leaks(SECRET, done.stdout, done.stderr, tmp_path / "runs", tmp_path / "other") == []
    assert entry(tmp_path / "other")["meta"]["options"]["--notify"] == "json://***"


def test_a_bad_url_for_messages_is_an_error_before_the_start(script, tmp_path):
    pytest.importorskip("apprise")
    done = script(SCRIPT.replace("URL", "http://127.0.0.1:9/x"), f"--notify=nonsense://{SECRET}", "with", "die=False")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert leaks(SECRET, done.stderr) == []
    assert not (tmp_path / "runs").exists()
