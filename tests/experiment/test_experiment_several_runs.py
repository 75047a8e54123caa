"""Runs of one experiment, one after another, nested and in threads: their values and random numbers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hallow import Experiment


@pytest.fixture
def ex():
    ex = Experiment("exp", interactive=True)
    ex.add_config(a=1)
    return ex


def test_C36_nested_runs_keep_their_values(ex):
    @ex.capture
    def get(a):
        return a

    @ex.command
    def sub():
        return get()

    @ex.main
    def main():
        before = get()
        inner = ex.run("sub", config_updates={"a": 99}, loglevel="ERROR").result
        return before, inner, get(), ex.current_run.config["a"]

    assert ex.run(loglevel="ERROR").result == (1, 99, 1, 1)


def test_C36_threads_do_not_see_each_other(ex):
    barrier = threading.Barrier(4)

    @ex.capture
    def get(a):
        return a

    @ex.main
    def main(a, _log, _seed, _run):
        barrier.wait(20)
        with ThreadPoolExecutor(1) as pool:
            worker = pool.submit(get).result()
        barrier.wait(20)
        return a, get(), worker, _run.config["a"]

    def run(value):
        return [ex.run(config_updates={"a": value}, loglevel="ERROR").result for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(4)))
    assert results == [[(value,) * 4] * 5 for value in range(4)]


def test_many_runs_in_one_process(ex):
    @ex.main
    def main(a, _seed):
        return a

    runs = [ex.run(config_updates={"a": number}, loglevel="ERROR") for number in range(50)]
    assert [run.result for run in runs] == [run.config["a"] for run in runs] == list(range(50))


def test_random_streams_are_keyed_by_name():
    def numbers(with_other):
        ex = Experiment("exp", interactive=True)
        if with_other:
            ex.capture(lambda _seed: _seed)

        @ex.capture
        def f(_seed, _rnd):
            return _seed, float(_rnd.random())

        @ex.main
        def main(_seed):
            return _seed, f(), f()

        return ex.run(config_updates={"seed": 1}, loglevel="ERROR").result

    assert numbers(True) == numbers(False)
    assert len({numbers(True)[0], numbers(True)[1][0], numbers(True)[2][0]}) == 3


def test_golden_seeds_of_sacred(sacred_profile):
    """The example of the specification of runs, bit by bit."""
    pytest.importorskip("numpy")
    ex = Experiment("golden", interactive=True)

    @ex.capture
    def a(_seed, _rnd):
        return _seed, float(_rnd.random())

    @ex.main
    def main(_seed):
        import random

        import numpy

        return a(), a(), _seed, random.random(), float(numpy.random.rand())

    result = ex.run(config_updates={"seed": 42}, options={"--loglevel": "ERROR"}).result
    assert result == (
        (9330647, 0.642604460146532),
        (967891411, 0.09412242762749734),
        37422836,
        0.6394267984578837,
        0.3745401188473625,
    )


def test_golden_first_seed_of_sacred(sacred_profile):
    ex = Experiment("golden", interactive=True)
    ex.main(lambda _seed: _seed)
    assert ex.run("<lambda>", config_updates={"seed": 7}, options={"--loglevel": "ERROR"}).result == 433544345
