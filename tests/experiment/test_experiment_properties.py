"""What holds for any configuration, and for many runs at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from hallow import Experiment
from hallow.config.trees import leaf_paths
from hallow.observers import FileStorageObserver
from hallow.utils import get_by_dotted_path, set_by_dotted_path
from properties import examples

NAMES = st.text("abcdefgh", min_size=1, max_size=3)
LEAVES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.tuples(st.integers(), st.text(max_size=2)),
)
TREES = st.recursive(
    st.dictionaries(NAMES, LEAVES, min_size=1, max_size=4),
    lambda inner: st.dictionaries(NAMES, st.one_of(LEAVES, inner), min_size=1, max_size=3),
    max_leaves=12,
)
SLOW = examples(60)


def resolved(tree, updates=None, **keywords):
    ex = Experiment("property", interactive=True)
    ex.add_config(tree)
    ex.main(lambda: None)
    config = dict(ex.run("<lambda>", updates, loglevel="CRITICAL", **keywords).config)
    config.pop("seed")
    return config


@SLOW
@given(tree=TREES, data=st.data())
def test_an_update_always_wins_and_touches_nothing_else(tree, data):
    path = data.draw(st.sampled_from(sorted(leaf_paths(tree))))
    old = get_by_dotted_path(tree, path)
    new = data.draw(LEAVES.filter(lambda value: not isinstance(old, list | tuple) or isinstance(value, list | tuple)))
    config = resolved(tree, {path: new})
    assert get_by_dotted_path(config, path) == new
    set_by_dotted_path(config, path, old)
    assert config == tree


@SLOW
@given(tree=TREES)
def test_resolving_twice_changes_nothing(tree):
    once = resolved(tree)
    assert once == tree
    assert resolved(once) == once
    assert resolved(tree, once) == once


@SLOW
@given(tree=TREES)
def test_a_saved_configuration_gives_the_same_run(tree, tmp_path):
    file = tmp_path / "saved.json"
    ex = Experiment("property", interactive=True)
    ex.add_config(tree)
    run = ex.run("save_config", {"config_filename": str(file)}, loglevel="CRITICAL")
    again = resolved(tree, named_configs=[str(file)], force=True)
    assert again == {key: value for key, value in run.config.items() if key not in ("seed", "config_filename")}


def test_threads_share_an_observer(tmp_path):
    """Runs at once in several threads, recorded by one observer object: each record holds its own run."""
    ex = Experiment("threads", interactive=True)
    ex.observers.append(FileStorageObserver(tmp_path))
    ex.add_config(a=0)

    @ex.capture
    def get(a):
        return a

    @ex.main
    def main(a, _run):
        print("printed by", a)
        _run.log_scalar("metric", a)
        return get()

    def run(value):
        return ex.run(config_updates={"a": value}, loglevel="ERROR", capture="sys")

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(run, range(40)))
    for value, finished in enumerate(runs):
        folder = tmp_path / str(finished._id)
        assert json.loads((folder / "config.json").read_text())["a"] == value
        assert json.loads((folder / "run.json").read_text())["result"] == value
        assert json.loads((folder / "metrics.json").read_text())["metric"]["values"] == [value]
        assert (folder / "cout.txt").read_text() == f"printed by {value}\n"
    assert len({finished._id for finished in runs}) == 40
