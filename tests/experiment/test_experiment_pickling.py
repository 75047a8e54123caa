"""Experiments, captured functions and runs on their way to worker processes and back."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import hallow
from hallow import Experiment, Ingredient
from hallow.errors import MissingConfigError, NotRunningError
from hallow.experiment.captured import Captured
from hallow.experiment.logs import restored_level
from hallow.testing import RecordingObserver

cloudpickle = pytest.importorskip("cloudpickle")

data = Ingredient("data", interactive=True)
data.add_config(size=4, names=["a", "b"])
pickling = Experiment("pickling", ingredients=[data], interactive=True)
pickling.add_config(a=1, free={}, nested={"x": [1, 2, {"y": (3, 4)}]})


@data.capture
def size_of(size, factor=2):
    return size * factor


@pickling.capture
def g(a, nested):
    return a, nested


@pickling.capture
def f(x, a):
    return x, a, g(), size_of()


@pickling.capture
def draw(_seed):
    return _seed


@pickling.capture(prefix="nested")
def below(x):
    return x


@pickling.capture
def log(_log, _run, _config):
    return _log.name, _run._id, _config["a"]


def plain(a, b=5):
    return a, b


renamed = pickling.capture(plain)
short = pickling.capture(lambda a: a)
half = pickling.capture(partial(plain, b=7))


class Model:
    def __init__(self, depth):
        self.depth = depth

    @pickling.capture
    def fit(self, a, extra=0):
        return self.depth, a, extra

    @classmethod
    @pickling.capture
    def build(cls, a):
        return cls.__name__, a

    @pickling.capture
    @classmethod
    def other(cls, a):
        return cls.__name__, a


@pickling.main
def pickling_main():
    pass


def elsewhere(objects, call, *args, modules=()):
    """What ``call(objects, *args)`` returns in a new process that gets ``objects`` as a pickle."""
    code = (
        "import pickle, sys, json\n"
        "objects = pickle.loads(sys.stdin.buffer.read())\n"
        f"print(json.dumps(eval({call!r})(objects, *{args!r})))\n"
    )
    path = os.pathsep.join([str(Path(hallow.__file__).parents[1]), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-c", code], input=objects, capture_output=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout.splitlines()[-1])


def in_run(action, *observers, **updates):
    """What ``action()`` returns during a run."""
    ex = pickling
    ex.default_command = "pickling_main"
    found = []
    ex.pre_run_hooks.clear()
    ex.observers[:] = observers
    with restored_level(None):
        run = ex._create_run(config_updates=updates, options={"--loglevel": "ERROR"})
        run.pre_run_hooks = [lambda: found.append(action())]
        run()
    return found[0]


# ------------------------------------------------------------------------------------------------------- functions


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_pickle_experiment(dumps):
    """A captured function sees the parent's configuration in another process, and so do those that it calls."""
    pickled = in_run(lambda: dumps(f), a=17, nested={"x": 9}, data={"size": 100})
    assert elsewhere(pickled, "lambda f: f(3)") == [3, 17, [17, {"x": 9}], 200]
    assert elsewhere(pickled, "lambda f: f(3, a=1)") == [3, 1, [17, {"x": 9}], 200]
    assert elsewhere(pickled, "lambda f: [f.__name__, f.prefix, f.config['a'], f.signature.arguments]") == [
        "f",
        None,
        17,
        ["x", "a"],
    ]


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
@pytest.mark.parametrize("profile", ["hallow", "sacred"])
def test_all_kinds_of_captured_functions(dumps, profile):
    hallow.SETTINGS.use_profile(profile)
    everything = [below, renamed, short, half, Model(2).fit, Model.other, size_of]
    # From 3.13 on, classmethod hands out a method of Python's own, which pickles as the name alone.
    everything += [Model.build] if sys.version_info < (3, 13) else [Model.other]
    pickled = in_run(lambda: dumps(everything), a=17, nested={"x": 9})
    assert elsewhere(pickled, "lambda all: [one() for one in all]") == [
        9,
        [17, 5],
        17,
        [17, 7],
        [2, 17, 0],
        ["Model", 17],
        8,
        ["Model", 17],
    ]


def test_outside_of_runs_functions_pickle_by_reference():
    pickling.last_run = None
    for function in (f, renamed, short, half, size_of):
        assert pickle.loads(pickle.dumps(function)) is function
        assert cloudpickle.loads(cloudpickle.dumps(function)) is function
    method = pickle.loads(pickle.dumps(Model(2).fit))
    assert method(a=3) == (2, 3, 0)
    with pytest.raises(MissingConfigError):
        pickle.loads(pickle.dumps(f))(1)


def test_back_at_home_it_is_the_function_itself():
    def both():
        return pickle.loads(pickle.dumps([f, g])), cloudpickle.loads(cloudpickle.dumps(f))

    (first, second), third = in_run(both)
    assert first is f
    assert second is g
    assert third is f


def test_the_run_and_the_logger_in_a_worker():
    pickled = in_run(lambda: pickle.dumps(log), RecordingObserver(42), a=8)
    assert elsewhere(pickled, "lambda log: log()") == ["log", 42, 8]


def test_workers_can_pass_on_what_they_got():
    pickled = in_run(lambda: pickle.dumps([f, draw]), a=5)
    again = "lambda fs: __import__('pickle').loads(__import__('pickle').dumps(fs))[0](1)[:2]"
    assert elsewhere(pickled, again) == [1, 5]
    inner = "lambda fs: [type(o).__name__ for o in __import__('pickle').loads(__import__('pickle').dumps(fs))]"
    assert elsewhere(pickled, inner) == ["Carried", "Carried"]


def test_no_two_pickles_draw_the_same_seeds():
    def three():
        return pickle.dumps(draw), pickle.dumps([draw, draw]), draw()

    one, two, own = in_run(three, seed=3)
    same, again, _ = in_run(three, seed=3)
    call = "lambda d: [d(), d(), __import__('pickle').loads(__import__('pickle').dumps(d))()]"
    seeds = elsewhere(one, call)
    others = elsewhere(two, "lambda ds: [ds[0](), ds[1]()]")
    assert len({*seeds, *others, own}) == 6
    assert elsewhere(same, call) == seeds
    assert elsewhere(again, "lambda ds: [ds[0](), ds[1]()]") == others


def test_without_random_numbers_pickles_are_equal():
    ex = Experiment("calm", interactive=True)
    globals()["calm"] = ex.capture(lambda b=1: b)
    with ex.configured():
        assert pickle.dumps(globals()["calm"]) == pickle.dumps(globals()["calm"])


def test_entries_that_cannot_be_pickled_stay_at_home(caplog):
    with caplog.at_level(logging.WARNING, "hallow"):
        pickled = in_run(lambda: [pickle.dumps(f), pickle.dumps(f)], free={"lock": lambda: 0, "x": 1})
    assert elsewhere(pickled[1], "lambda f: [f(1)[:2], f.config['free']]") == [[1, 1], {"x": 1}]
    assert [r.getMessage().rpartition(": ")[2] for r in caplog.records if r.name == "hallow"] == ["free.lock"]


def test_a_run_in_a_worker_has_its_own_configuration():
    """A run that the worker starts goes before the one that the function came from, which is its parent."""
    pickled = in_run(lambda: pickle.dumps(worker_run), RecordingObserver(7), a=5)
    assert elsewhere(pickled, "lambda f: f()") == [99, 5, 7]


@pickling.command
def inner(a):
    return g()[0]


@pickling.capture
def worker_run(a):
    pickling.observers.clear()
    run = pickling.run("inner", {"a": 99}, options={"--loglevel": "ERROR"})
    return run.result, a, run.parent._id


@pickling.capture
def in_thread(a):
    import threading

    found = []
    carried = sys.modules[__name__].CARRIED
    thread = threading.Thread(target=lambda: found.append((g()[0], carried(1)[:2])))
    thread.start()
    thread.join()
    return found


def test_threads_of_a_worker_belong_to_its_run():
    pickled = in_run(lambda: pickle.dumps((in_thread, f)), a=4)
    call = f"lambda fs: [setattr(__import__('sys').modules[{__name__!r}], 'CARRIED', fs[1]), fs[0](), fs[0]()][1:]"
    assert elsewhere(pickled, call) == [[[4, [1, 4]]]] * 2


other = Experiment("other", interactive=True)
other.add_config(b=2)


@other.capture
def there(call, b):
    return b, call and call(None)


@pickling.capture
def here(call, a):
    return a, call and call(here_again)


def here_again(_):
    return sys.modules[__name__].HERE(None)


def test_functions_of_two_runs_call_each_other():
    def nested():
        with other.configured(b=20):
            return pickle.dumps((here, there))

    pickled = in_run(nested, a=4)
    call = f"lambda fs: [setattr(__import__('sys').modules[{__name__!r}], 'HERE', fs[0]), fs[0](fs[1])][1]"
    assert elsewhere(pickled, call) == [4, [20, [4, None]]]


# ----------------------------------------------------------------------------------------------------- experiments


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_experiments_pickle_by_reference(dumps):
    assert pickle.loads(dumps(pickling)) is pickling
    assert pickle.loads(dumps([data, pickling])) == [data, pickling]
    assert elsewhere(dumps(pickling), "lambda ex: [ex.path, sorted(ex.commands)[:1]]") == ["pickling", ["inner"]]


def test_an_experiment_that_cannot_be_found_is_sent_whole():
    ex = Experiment("hidden", interactive=True)
    ex.observers.append(RecordingObserver())

    @ex.config
    def config():
        a = 4
        b = a * 2

    @ex.capture
    def helper(b):
        return b

    @ex.main
    def main(a):
        return a, helper()

    ex.run(options={"--loglevel": "ERROR"})
    again = cloudpickle.loads(cloudpickle.dumps(ex))
    assert again is not ex
    assert again.observers == []
    assert again.run(config_updates={"a": 5}, options={"--loglevel": "ERROR"}).result == (5, 10)
    assert ex.observers
    pickled = cloudpickle.dumps(ex)
    call = "lambda ex: ex.run(config_updates={'a': 6}, options={'--loglevel': 'ERROR'}).result"
    assert elsewhere(pickled, call) == [6, 12]


# ---------------------------------------------------------------------------------------------------------- the run


@pickling.capture
def handle(_run):
    _run.info.update({"good": [1], "bad": lambda: 0})
    return pickle.loads(pickle.dumps(_run))


def test_a_run_pickles_to_a_handle():
    handed = in_run(handle, RecordingObserver(11), a=3)
    assert (handed._id, handed.status, handed.rank, handed.config["a"]) == (11, "RUNNING", 0, 3)
    assert handed.info == {"good": [1]}
    assert isinstance(handed.config["nested"]["x"][2]["y"], tuple)
    for attempt in (
        lambda: handed.log_scalar("loss", 1),
        lambda: handed.add_artifact("file"),
        lambda: handed(),
        lambda: handed.info.update(a=1),
        lambda: handed.open_artifact("file"),
        lambda: handed.pre_run_hooks,
    ):
        with pytest.raises(NotRunningError, match="worker process"):
            attempt()
    assert pickle.loads(pickle.dumps(handed))._id == 11


def test_a_handle_opens_what_the_run_has_kept(tmp_path):
    observer = RecordingObserver(1)
    observer.dir = str(tmp_path)
    (tmp_path / "model.txt").write_text("weights")
    handed = in_run(handle, observer)
    with handed.open_artifact("model.txt") as file:
        assert file.read() == b"weights"
    with pytest.raises(FileNotFoundError):
        handed.open_artifact("other.txt")
    with pytest.raises(NotRunningError):
        handed.open_artifact("model.txt", "w")


@pickling.capture
def logs_something(_run):
    pickling.log_scalar("loss", 1)


def test_nothing_is_logged_in_a_worker():
    pickled = in_run(lambda: pickle.dumps(logs_something))
    call = "lambda f: [str(e) for e in [__import__('contextlib').ExitStack()] if not f()]"
    with pytest.raises(AssertionError, match=r"log_scalar cannot be called in a worker process"):
        elsewhere(pickled, call)


def test_ray_joblib():
    """Values and captured functions survive joblib's threads and cloudpickle unchanged."""
    joblib = pytest.importorskip("joblib")
    plain_value = {"x": {"y": (1, [2.5, None, "ü"])}}
    config = in_run(lambda: pickle_config(), free=plain_value)
    for loads, dumps in ((pickle.loads, pickle.dumps), (cloudpickle.loads, cloudpickle.dumps)):
        assert loads(dumps(config))["free"] == plain_value
    threads = in_run(lambda: joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(f)(x) for x in (1, 2)), a=6)
    assert [found[:2] for found in threads] == [(1, 6), (2, 6)]
    hashes = in_run(lambda: {joblib.hash(f.config), joblib.hash(dict(f.config))})
    assert len(hashes) == 1


@pickling.capture
def pickle_config(_config):
    return _config


def test_cloudpickle_of_a_script(run_script):
    """What a script defines, where its workers do not know the script."""
    environ = {"PYTHONPATH": str(Path(hallow.__file__).parents[1])}
    done = run_script(
        """
        import cloudpickle
        from hallow import Experiment
        ex = Experiment("main")
        ex.add_config(a=1)

        @ex.capture
        def g(a):
            return a

        class Model:
            @ex.capture
            def fit(self, a):
                return a, g()

        @ex.capture
        def f(x, a, _log, _seed=None):
            return x, a, g(), recursive(2)

        @ex.capture
        def recursive(depth, a):
            return recursive(depth - 1) if depth else (a, ex.path)

        @ex.automain
        def main():
            with open("f.pkl", "wb") as file:
                cloudpickle.dump([f, Model().fit, ex], file)
            return g()
        """,
        "with",
        "a=33",
        env=environ,
    )
    assert done.code == 0, done.err
    done = run_script(
        """
        import cloudpickle
        f, fit, ex = cloudpickle.load(open("f.pkl", "rb"))
        print(type(f).__name__, f(1), fit())
        print(ex.run("main", {"a": 5}, options={"--loglevel": "ERROR"}).result)
        """,
        name="other.py",
        env=environ,
    )
    assert done.out == "Carried (1, 33, 33, (33, 'main')) (33, 33)\n5\n", done.err


def test_a_captured_function_is_still_a_function():
    import inspect
    import types

    assert isinstance(f, types.FunctionType)
    assert inspect.isfunction(f)
    assert f.__class__ is types.FunctionType
    assert type(f) is Captured
