"""An artifact is copied once: by the store, or into the journal for a store that is not there in time."""

from __future__ import annotations

import os
import time

import pytest

from hallow import Experiment
from hallow.journal.layout import FILES
from hallow.observers import RunObserver


class Slow(RunObserver):
    """Takes an artifact for longer than the run has patience."""

    def __init__(self, journal_folder):
        self.journal_folder = journal_folder
        self.taken = []

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        time.sleep(0.3)
        self.taken.append((name, filename))


@pytest.mark.parametrize("is_local", [True, False], ids=["local", "remote"])
def test_a_large_artifact_that_a_local_store_is_copying_is_not_copied_again(tmp_path, monkeypatch, is_local):
    monkeypatch.setattr("hallow.running.lane.PATIENCE", 0.01)
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("hallow.running.lane.COPYING", 1000.0)
    large = tmp_path / "large"
    large.write_bytes(bytes(1 << 20))  # is waited for for minutes
    (tmp_path / "store").mkdir()
    observer = Slow(str(tmp_path / "store") if is_local else None)
    ex = Experiment("slow", save_git_info=False)
    ex.observers.append(observer)
    kept = []

    @ex.main
    def main(_run):
        _run.add_artifact(large)
        folder = os.path.join(_run._journal.folder, FILES)
        kept.extend(os.listdir(folder) if os.path.isdir(folder) else [])

    ex.run()
    assert [name for name, _ in observer.taken] == ["large"]
    assert len(kept) == (0 if is_local else 1)
