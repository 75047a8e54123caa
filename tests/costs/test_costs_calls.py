"""Python functions called by what stands in the innermost loops of users."""

from __future__ import annotations

import json
import sys

import pytest

from hallow import Experiment
from hallow.observers import FileStorageObserver

from costs.counting import calls

MANY = 50


def per_call(function) -> dict[str, float]:
    """Python functions called, by name, for each call of ``function``; two calls go ahead."""
    function(), function()
    with calls() as seen:
        for _ in range(MANY):
            function()
    return {name: count / MANY for name, count in seen.items()}


@pytest.fixture
def ex():
    ex = Experiment("calls", save_git_info=False)

    @ex.config
    def cfg():
        a = 1
        b = 2.0
        c = "three"

    return ex


def counted(ex, function) -> float:
    """Python functions called for each call of what ``function(_run)`` gives."""
    ex.main(lambda _run: sum(per_call(function(_run)).values()))
    return ex.run("<lambda>", options={"--loglevel": "ERROR"}).result


def test_captured_function(ex):
    """The function itself, what stands in front of it, and whether calls are to be logged."""
    three = ex.capture(lambda a, b, c: (a, b, c))
    assert counted(ex, lambda _run: three) <= 3


def test_captured_function_that_is_given_something(ex):
    three = ex.capture(lambda a, b, c: (a, b, c))
    assert counted(ex, lambda _run: lambda: three(1, 2, 3)) <= 4
    assert counted(ex, lambda _run: lambda: three(b=3)) <= 4
    assert counted(ex, lambda _run: lambda: three(1, c=3)) <= 4


def test_captured_method(ex):
    class Model:
        three = ex.capture(lambda self, a, b, c: (a, b, c))

    model = Model()
    bound = model.three
    assert counted(ex, lambda _run: bound) <= 3
    assert counted(ex, lambda _run: lambda: model.three()) <= 5
    assert counted(ex, lambda _run: lambda: model.three(b=3)) <= 5


@pytest.mark.parametrize("numpy", ["loaded", "not loaded"])
def test_captured_function_with_rnd(ex, numpy, monkeypatch):
    """Seeds are drawn for each call; a generator is made when it is used. Which kind it is depends on numpy."""
    if numpy == "loaded":
        pytest.importorskip("numpy.random")
    else:
        monkeypatch.delitem(sys.modules, "numpy.random", raising=False)
    random = ex.capture(lambda a, _rnd: a)
    assert counted(ex, lambda _run: random) <= (9 if numpy == "loaded" else 8)
    seeded = ex.capture(lambda a, _seed: a)
    assert counted(ex, lambda _run: seeded) <= 6


@pytest.fixture
def large(tmp_path):
    """Makes an experiment with a config scope of as many keys."""

    def make(keys):
        body = "".join(f"    k{n} = {n / 8}\n" if n % 10 else f"    k{n} = {n}  # a comment\n" for n in range(keys))
        file = tmp_path / f"large{keys}.py"
        file.write_text(f"def cfg():\n{body}")
        names = {}
        exec(compile(file.read_text(), str(file), "exec"), names)
        ex = Experiment("large", save_git_info=False)
        ex.main(lambda k0: k0)
        return ex, names["cfg"]

    return make


def run_of(ex):
    return lambda: ex.run("<lambda>", options={"--loglevel": "ERROR"}, config_updates={"k7": 0.5})


def test_config_scope(large):
    """For each key, what is called when the scope is declared, run the first time, and run again."""
    found = []
    for keys in (100, 600):
        ex, cfg = large(keys)
        with calls() as declared:
            ex.config(cfg)
        with calls() as first:
            run_of(ex)()
        with calls() as second:
            run_of(ex)()
        assert not any(name.startswith("ast:") or "scopesource" in name for name in second)
        assert "tokenize:_tokenize" not in declared
        found.append([sum(seen.values()) for seen in (declared, first, second)])
    each = [(large - small) / 500 for small, large in zip(*found, strict=True)]
    assert each[0] <= 12
    assert each[1] <= 20
    assert each[2] <= 12


@pytest.mark.parametrize("step", [(), (7,)], ids=["automatic", "given"])
def test_log_scalar(ex, tmp_path, step):
    """The method, and the journal: everything else happens at the beat."""
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    assert counted(ex, lambda _run: lambda: _run.log_scalar("training.loss", 0.5, *step)) <= 3


def test_log_scalar_of_many_metrics(ex, tmp_path):
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    names = [f"loss.{number}" for number in range(100)]

    def logged(_run):
        def log():
            for name in names:
                _run.log_scalar(name, 0.5)

        return log

    assert counted(ex, logged) <= 205  # now and then the next part of the file is taken


UNOBSERVED = """
    import sys

    from hallow import Experiment

    from costs.test_costs_calls import per_call

    ex = Experiment("unobserved", save_git_info=False)
    ex.add_config(a=1)
    ex.main(lambda a: a)

    found = per_call(lambda: ex.run("<lambda>", options={"--loglevel": "ERROR"}))
    own = {name: count for name, count in found.items() if name.startswith("hallow.")}
    print("FOUND", sum(own.values()), file=sys.stderr)
"""


def found_by(run_script, request, script):
    """What a script of its own counts: seeding, for one, calls functions for each library that is loaded."""
    done = run_script(script, env={"PYTHONUNBUFFERED": "", "PYTHONPATH": str(request.config.rootpath / "tests")})
    assert done.code == 0, done.err
    line = next(line for line in done.err.splitlines() if line.startswith("FOUND "))
    return json.loads(line.removeprefix("FOUND "))


def test_run_without_observers(run_script, request):
    """In process, after others."""
    assert found_by(run_script, request, UNOBSERVED) <= 790


PRINTED = """
    import json, sys

    from hallow import Experiment
    from hallow.observers import FileStorageObserver

    from costs.test_costs_calls import per_call

    ex = Experiment("printed", save_git_info=False)
    ex.observers.append(FileStorageObserver("runs"))

    @ex.main
    def main():
        return [sum(per_call(lambda: print("line", flush=flush)).values()) for flush in (False, True)]

    found = ex.run(options={"--loglevel": "ERROR"}).result
    print("FOUND " + json.dumps(found), file=sys.stderr)
"""


def test_printed_line(run_script, request):
    """Where stdout is a pipe or a file: a line that is not flushed goes through one function of ours for each write."""
    plain, flushed = found_by(run_script, request, PRINTED)
    assert plain <= 3
    assert flushed <= 24
