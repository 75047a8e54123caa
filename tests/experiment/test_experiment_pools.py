"""Captured functions of a script in the processes of pools, executors and data loaders."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

import hallow


POOLS = """
import concurrent.futures, multiprocessing, sys
from hallow import Experiment, Ingredient
from hallow.observers import FileStorageObserver

data = Ingredient("data")
data.add_config(size=3)
ex = Experiment("pools", ingredients=[data])
ex.observers.append(FileStorageObserver("runs"))

@ex.config
def config():
    a = 1
    layers = [1, (2, 3)]

@data.capture
def scaled(x, size):
    return x * size

@ex.capture
def f(x, a, layers, _run):
    return x + a, scaled(x), layers, _run._id

@ex.capture
def draw(_seed, _run):
    _run.info["drawn"] = _seed
    return _seed

def forked(kind):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return len({draw(), *[pool.apply(draw) for _ in range(5)]}), pool.map(f, [1, 2])

@ex.capture
def give_back(a):
    return give_back, f, Dataset(f, 0).function

def back(kind):
    from joblib import Parallel, delayed
    functions = Parallel(n_jobs=2)([delayed(give_back)()])[0]
    return [function(1)[:1] if function is not functions[0] else len(function()) for function in functions]

class Dataset:
    def __init__(self, function, layers):
        self.function, self.layers = function, layers
    def __getitem__(self, index):
        return self.function(index), self.layers
    def worker(self, indices, queue):
        queue.put([self[index] for index in indices])

def map_pool(kind):
    with multiprocessing.get_context(kind).Pool(2) as pool:
        return pool.map(f, [1, 2])

def map_executor(kind):
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context(kind)) as executor:
        return list(executor.map(f, [1, 2]))

def load(kind, config):
    # As torch's DataLoader does it: the dataset goes to each worker as an argument of its process.
    context = multiprocessing.get_context(kind)
    queue = context.Queue()
    dataset = Dataset(f, config["layers"])
    workers = [context.Process(target=dataset.worker, args=([number], queue)) for number in (1, 2)]
    for worker in workers:
        worker.start()
    found = sorted((queue.get(timeout=60) for _ in workers), key=repr)
    for worker in workers:
        worker.join()
    return found

def loky(kind):
    from joblib import Parallel, delayed
    return Parallel(n_jobs=2)(delayed(f)(x) for x in (1, 2))

@ex.automain
def main(_config, way, kind):
    way = globals()[way]
    found = way(kind, _config) if way is load else way(kind)
    print("FOUND", found)
"""


ONE = [(18, 3000, [7, (8, 9)], "1"), (19, 6000, [7, (8, 9)], "1")]


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
@pytest.mark.parametrize("way", ["map_pool", "map_executor", "load"])
def test_pools_of_a_script(run_script, way, kind):
    """What a script defines itself, where its workers import it again."""
    found = pools(run_script, way, kind)
    expected = [[(one, [7, (8, 9)])] for one in ONE] if way == "load" else ONE
    assert found == repr(expected)


def pools(run_script, way, kind="spawn"):
    words = [f"way={way}", f"kind={kind}", "a=17", "layers=[7,(8,9)]", "data.size=3000", "--force"]
    path = os.pathsep.join(filter(None, [str(Path(hallow.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    done = run_script(textwrap.dedent(POOLS), "with", *words, env={"PYTHONPATH": path})
    assert done.code == 0, done.err
    assert sorted(name for name in os.listdir(done.folder / "runs") if name.isdecimal()) == ["1"]
    return next(line for line in done.out.splitlines() if line.startswith("FOUND ")).removeprefix("FOUND ")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_pools_draw_other_seeds_too(run_script):
    assert pools(run_script, "forked") == repr((6, ONE))


def test_functions_come_back(run_script):
    """By value, if they went by value; the run at home is theirs again."""
    pytest.importorskip("joblib")
    assert pools(run_script, "back") == "[3, (18,), (18,)]"


def test_ray_joblib_workers(run_script):
    pytest.importorskip("joblib")
    assert pools(run_script, "loky") == repr(ONE)
