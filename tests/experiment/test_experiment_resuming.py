"""What a run that is taken up again keeps of its recorded configuration."""

from __future__ import annotations

import pytest

import hallow
from hallow.observers import FileStorageObserver


class Transform:
    """Recorded as a description: only code can make it again."""

    def __init__(self, size):
        self.size = size


def test_entries_that_only_code_can_make_are_made_by_code_again(tmp_path):
    """Also where they lie in lists of dicts; all other entries have their recorded values."""
    ex = hallow.Experiment("resumed", interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.add_config(lr=0.1, one=Transform(1), steps=[{"do": Transform(2)}], deep={"two": Transform(3), "n": 1}, xs=[{}])
    seen = []

    @ex.main
    def work(_run, lr, one, steps, deep, xs):
        seen.append((lr, one.size, steps[0]["do"].size, deep["two"].size, deep["n"], xs))
        if not _run.resumed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ex.run(config_updates={"lr": 0.5, "deep.n": 2}, loglevel="CRITICAL")
    run = ex.run(resume=ex.current_run._id, loglevel="CRITICAL")
    assert run.resumed == 1
    assert seen == [(0.5, 1, 2, 3, 2, [{}])] * 2
