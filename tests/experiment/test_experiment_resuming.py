"""What a run that is taken up again keeps of its recorded configuration."""

from __future__ import annotations

import pytest

import hallow
from hallow.errors import ResumeError, UpdateError
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


@pytest.fixture
def interrupted(tmp_path):
    """An experiment whose only run was interrupted; taken up again it goes to its end, and returns its entries."""
    ex = hallow.Experiment("resumed", interactive=True, save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.add_config(sizes=[1, 2, 3], deep={"n": 1, "x": float("nan")}, seed=5)

    @ex.main
    def work(_run, _config):
        if not _run.resumed:
            raise KeyboardInterrupt
        return _config

    with pytest.raises(KeyboardInterrupt):
        ex.run(loglevel="CRITICAL")
    return ex


@pytest.mark.parametrize(
    "updates",
    [
        {"deep.n": 1},
        {"deep": {"n": 1}},
        {"deep.x": float("nan")},
        {"sizes": [1, 2, 3]},
        {"sizes[0]": 1},
        {"sizes": {"-1": 3}},
    ],
    ids=repr,
)
def test_updates_that_say_what_is_recorded(interrupted, updates):
    run = interrupted.run(config_updates=updates, resume=1, loglevel="CRITICAL")
    assert (run.resumed, run.result["sizes"], run.result["deep"]["n"]) == (1, [1, 2, 3], 1)


@pytest.mark.parametrize(
    ("words", "said", "path", "forced"),
    [
        ("deep.n=2", "deep.n: recorded 1, asked for 2", "deep", {"n": 2}),
        ("sizes[0]=9", "sizes: recorded [1, 2, 3], asked for [9, 2, 3]", "sizes", [9, 2, 3]),
        ("sizes.-1=9", "sizes: recorded [1, 2, 3], asked for [1, 2, 9]", "sizes", [1, 2, 9]),
        ("sizes+=[4]", "sizes: recorded [1, 2, 3], asked for [1, 2, 3, 4]", "sizes", [1, 2, 3, 4]),
        ("new=3", "new: recorded nothing, asked for 3", "new", 3),
        ("sizes=7", "sizes: recorded [1, 2, 3], asked for 7", "sizes", 7),
        ("deep=7", "deep: recorded {'n': 1, 'x': nan}, asked for 7", "deep", 7),
    ],
)
def test_updates_that_say_something_else(interrupted, words, said, path, forced, capsys):
    """They are refused, each with both values; the option --force lays them over the recorded ones."""
    line = ["work", "--resume=1", "-l", "CRITICAL", "with", words]
    with pytest.raises(SystemExit):
        interrupted.run_commandline(["exp.py", *line])
    assert f"  {said}\n" in capsys.readouterr().err
    result = interrupted.run_commandline(["exp.py", "--force", *line]).result[path]
    assert ({"n": result["n"]} if isinstance(result, dict) else result) == forced


def test_an_element_that_is_not_recorded(interrupted):
    for force in (False, True):
        with pytest.raises(UpdateError, match='"sizes" has 3 elements'):
            interrupted.run(config_updates={"sizes[7]": 1}, resume=1, force=force, loglevel="CRITICAL")


def test_a_run_of_another_seed(interrupted):
    with pytest.raises(ResumeError, match="seed: recorded 5, asked for 6"):
        interrupted.run(config_updates={"seed": 6}, resume=1, loglevel="CRITICAL")
