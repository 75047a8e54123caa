"""Seeds: golden values, streams, process-wide generators, late generators."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hallow
from hallow.errors import SeedError
from hallow.running import generators
from hallow.running.seeding import (
    SEEDRANGE,
    checked_seed,
    create_rnd,
    get_seed,
    lazy_rnd,
    named_child_seed,
    named_stream,
    new_seed,
    positional_child_seeds,
    positional_streams,
    set_global_seed,
)
from hallow.settings import SETTINGS

GENERATOR = [89250954, 773956048, 654571518, 438878440, 433015236]
LEGACY = [534895719, 199900596, 862061405, 787846415, 996406379]
PYTHON = [686579304, 119540832, 26855093, 796233791, 295310486]


def five(rnd):
    return [get_seed(rnd) for _ in range(5)]


def test_golden_seeds_of_the_three_kinds_of_generator():
    assert five(create_rnd(42)) == GENERATOR
    SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
    assert five(create_rnd(42)) == LEGACY
    assert five(random.Random(42)) == PYTHON
    random.seed(42)
    assert five(None) == PYTHON


def test_without_numpy_generators_are_pythons(monkeypatch):
    monkeypatch.setattr(generators, "_numpy_installed", lambda: False)
    assert five(create_rnd(42)) == PYTHON


def test_create_rnd_refuses_what_is_no_int():
    for wrong in (1.0, "1", None, np.int64(1)):
        with pytest.raises(AssertionError, match="Seed has to be integer but was"):
            create_rnd(wrong)
    assert five(create_rnd(True)) == five(create_rnd(1))


def test_positional_streams_are_those_of_sacred():
    streams = positional_streams(42, 6)
    assert [streams[4].next_seed(), streams[4].next_seed(), streams[5].next_seed()] == [
        9330647,
        967891411,
        37422836,
    ]
    assert create_rnd(9330647).random() == 0.642604460146532
    assert create_rnd(967891411).random() == 0.09412242762749734
    assert positional_streams(7, 5)[4].next_seed() == 433544345
    assert positional_child_seeds(42, 5) == GENERATOR


def test_named_streams_depend_on_nothing_but_their_names():
    first = named_stream(42, "data", "load")
    seeds = [first.next_seed() for _ in range(3)]
    again = named_stream(42, "data", "load")
    assert [again.next_seed() for _ in range(3)] == seeds
    assert len(set(seeds)) == 3
    others = [
        named_stream(42, "data", "save"),
        named_stream(42, "", "load"),
        named_stream(43, "data", "load"),
    ]
    assert not {other.next_seed() for other in others} & set(seeds)
    assert named_child_seed(42, "data") != named_child_seed(42, "model")


def test_threads_never_draw_the_same_seed():
    stream = named_stream(1, "", "f")
    drawn: list[int] = []
    threads = [threading.Thread(target=lambda: drawn.extend(stream.next_seed() for _ in range(200))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 800


@given(st.integers(0, 2**32 - 1), st.text(max_size=8), st.text(max_size=8))
def test_seeds_stay_in_range(root, path, name):
    seed = named_stream(root, path, name).next_seed()
    assert SEEDRANGE[0] <= seed < SEEDRANGE[1]
    assert SEEDRANGE[0] <= named_child_seed(root, path) < SEEDRANGE[1]


def test_C28_a_new_seed_does_not_come_from_the_global_state():
    random.seed(1)
    first = new_seed()
    random.seed(1)
    assert new_seed() != first
    assert random.random() == random.Random(1).random()


@pytest.mark.parametrize("good", [0, 1, 2**32 - 1, 1.0, np.int64(3), np.uint8(3), np.float32(2), np.array(4)])
def test_C29_whole_numbers_are_seeds(good):
    seed = checked_seed(good)
    assert type(seed) is int
    assert seed == good


@pytest.mark.parametrize("bad", [-1, 2**32, 1.5, float("nan"), float("inf"), "1", None, [1], np.array([1, 2])])
def test_C29_other_seeds_are_refused_with_value_and_range(bad):
    with pytest.raises(SeedError, match=r"data.seed=.* 0 to 4294967295"):
        checked_seed(bad, "data.seed")


@pytest.mark.usefixtures("no_frameworks")
def test_global_generators_are_seeded():
    assert set_global_seed(42) == ["random", "numpy"]
    assert random.random() == 0.6394267984578837
    assert np.random.rand() == 0.3745401188473625


@pytest.mark.usefixtures("no_frameworks")
def test_a_library_that_is_switched_off_is_left_alone():
    np.random.seed(3)
    state = np.random.get_state()[1].tolist()
    SETTINGS.RANDOM.SEED_NUMPY = False
    assert set_global_seed(42) == ["random"]
    assert np.random.get_state()[1].tolist() == state


class FakeTorch:
    def __init__(self):
        self.seeds = []
        self.cuda = self
        self.manual_seed = self.manual_seed_all = self.seeds.append

    def is_available(self):
        return True


def test_loaded_frameworks_are_seeded(monkeypatch):
    torch, tensorflow = FakeTorch(), FakeTorch()
    tensorflow.compat = FakeTorch()
    tensorflow.compat.v1 = tensorflow
    tensorflow.set_random_seed = tensorflow.seeds.append
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    assert set_global_seed(5) == ["random", "numpy", "tensorflow", "torch"]
    assert torch.seeds == [5, 5]
    assert tensorflow.seeds == [5]


def test_a_framework_that_fails_stops_nothing(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "torch", object())
    assert "torch" not in set_global_seed(5)
    assert "torch" in caplog.text


def test_a_late_generator_is_a_generator():
    expected = np.random.default_rng(42).random(3).tolist()
    rnd = lazy_rnd(42)
    assert isinstance(rnd, np.random.Generator)
    assert np.random.default_rng(rnd) is rnd
    assert repr(rnd).startswith("Generator(PCG64)")
    assert str(rnd) == "Generator(PCG64)"
    assert rnd.random(3).tolist() == expected
    assert copy.deepcopy(lazy_rnd(42)).random(3).tolist() == expected
    assert pickle.loads(pickle.dumps(lazy_rnd(42))).random(3).tolist() == expected


def test_a_late_generator_answers_to_the_old_names():
    rnd = lazy_rnd(1)
    assert {int(rnd.randint(3)) for _ in range(100)} == {0, 1, 2}
    assert {int(n) for n in rnd.randint(5, 7, size=100)} == {5, 6}
    assert rnd.rand(2, 3).shape == rnd.randn(2, 3).shape == (2, 3)
    assert 0 <= rnd.rand() < 1
    assert rnd.random_sample(4).shape == (4,)


def test_threads_share_a_late_generator():
    rnd = lazy_rnd(1)
    drawn: list[float] = []
    threads = [threading.Thread(target=lambda: drawn.append(rnd.random())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == sorted(np.random.default_rng(1).random(8).tolist())


def test_the_legacy_setting_gives_a_random_state():
    SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
    assert isinstance(lazy_rnd(1), np.random.RandomState)


def test_numpy_is_not_loaded_before_a_late_generator_is_used():
    code = """
import sys
from hallow.running.seeding import lazy_rnd
rnd, other = lazy_rnd(42), lazy_rnd(42)
assert "numpy" not in sys.modules
value = rnd.random()
import copy, numpy
assert value == numpy.random.default_rng(42).random()
assert isinstance(rnd, numpy.random.Generator)
assert copy.deepcopy(other).random() == value
assert other.randint(3) < 3
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(hallow.__file__).parents[1])})
