"""Captured functions: what they receive, in every spelling, and what errors say."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import pickle
from dataclasses import dataclass

import pytest

from hallow import SETTINGS, Experiment, Ingredient
from hallow.errors import CaptureError, ConfigError, InvalidConfigError, MissingConfigError, SignatureError
from hallow.experiment.captured import create_captured_function


@pytest.fixture
def ex():
    ex = Experiment("exp", interactive=True)
    ex.add_config(a=1, b=2, d={"z": 26, "l": [1, 2]}, s="text")
    return ex


def during(ex, function, **updates):
    """Call ``function()`` inside a run."""
    ex.main(function)
    return ex.run(getattr(function, "__name__", "main"), config_updates=updates, loglevel="ERROR").result


def test_priority_of_values(ex):
    @ex.capture
    def f(x, a, b=10, c=30):
        return x, a, b, c

    assert during(ex, lambda: (f(0), f(0, 5), f(0, b=7), f(x=1, c=3))) == (
        (0, 1, 2, 30),
        (0, 5, 2, 30),
        (0, 1, 7, 30),
        (1, 1, 2, 3),
    )


def test_special_arguments(ex):
    @ex.capture
    def f(_config, _run, _log, _seed, _rnd):
        return _config["a"], _run.status, _log.name, type(_seed), 0 <= _rnd.random() < 1

    assert during(ex, lambda: f()) == (1, "RUNNING", "f", int, True)


def test_prefix(ex):
    @ex.capture(prefix="d")
    def f(z, _config):
        return z, set(_config)

    assert during(ex, lambda: f()) == (26, {"z", "l"})

    @ex.capture(prefix="nowhere")
    def g(z=5):
        return z

    assert during(ex, lambda: g()) == 5


class Thing:
    def __init__(self, a, name="n"):
        self.got = (a, name)


@dataclass
class Record:
    a: int
    b: int = 0


def make_kinds(ex):
    class Holder:
        value = 100

        @ex.capture
        def method(self, a):
            return a

        @classmethod
        @ex.capture
        def cls_outside(cls, a):
            return cls.value, a

        @ex.capture
        @classmethod
        def cls_inside(cls, a):
            return cls.value, a

        @staticmethod
        @ex.capture
        def static_outside(a):
            return a

        @ex.capture
        @staticmethod
        def static_inside(a):
            return a

        @ex.capture
        def __init__(self, a):
            self.a = a

    class Caller:
        def __call__(self, a):
            return a

    @ex.capture
    def positional_only(a, b, /, x=5):
        return a, b, x

    @ex.capture
    def keyword_only(*, a, x=5):
        return a, x

    @ex.capture
    def generator(a):
        yield a

    @ex.capture
    def wild(a, *args, **kwargs):
        return a, args, kwargs

    return {
        "function": (ex.capture(lambda a: a), 1),
        "method": (lambda: Holder().method(), 1),
        "init": (lambda: Holder().a, 1),
        "classmethod outside": (lambda: Holder.cls_outside(), (100, 1)),
        "classmethod inside": (lambda: Holder.cls_inside(), (100, 1)),
        "classmethod of instance": (lambda: Holder().cls_inside(), (100, 1)),
        "staticmethod outside": (lambda: Holder.static_outside(), 1),
        "staticmethod inside": (lambda: Holder.static_inside(), 1),
        "class": (lambda: ex.capture(Thing)().got, (1, "n")),
        "dataclass": (lambda: ex.capture(Record)(), Record(1, 2)),
        "callable object": (ex.capture(Caller()), 1),
        "partial": (ex.capture(functools.partial(lambda x, a: (x, a), 9)), (9, 1)),
        "positional only": (positional_only, (1, 2, 5)),
        "keyword only": (keyword_only, (1, 5)),
        "generator": (lambda: list(generator()), [1]),
        "wild": (lambda: wild(), (1, (), {})),
        "builtin": (lambda: ex.capture(divmod, prefix=None)(7, 2), (3, 1)),
    }


@pytest.mark.parametrize("kind", list(make_kinds(Experiment("names", interactive=True))))
def test_capture_kinds(ex, kind):
    call, expected = make_kinds(ex)[kind]
    assert during(ex, lambda: call()) == expected


def test_capture_kinds_async(ex):
    @ex.capture
    async def f(a):
        await asyncio.sleep(0)
        return a

    async def main():
        return await f()

    assert inspect.iscoroutinefunction(f)
    assert during(ex, main) == 1


def test_capture_kinds_error_names_function_and_path(ex):
    @ex.capture(prefix="a")
    def f(z):
        return z

    with pytest.raises(ConfigError, match=r"f has the prefix 'a'.*int"):
        during(ex, lambda: f())
    with pytest.raises(CaptureError, match="int"):
        ex.capture(5)


def test_errors_of_calls(ex):
    @ex.capture
    def f(a, nothing, *, k=1):
        pass

    def g(a, b):
        pass

    g = ex.capture(g)
    cases = [
        (lambda: f(), MissingConfigError, r"f is missing value\(s\): \['nothing'\]"),
        (lambda: g(1, 2, 3), SignatureError, r"g got unexpected argument\(s\): \(3,\)"),
        (lambda: g(zz=1), SignatureError, r"g got unexpected kwarg\(s\): \['zz'\]"),
        (lambda: g(1, a=1), SignatureError, r"g got multiple values for argument\(s\) \['a'\]"),
        (lambda: f(1, 2, 3), SignatureError, r"unexpected argument"),
    ]
    for call, kind, text in cases:
        with pytest.raises(kind, match=text):
            during(ex, call)
    assert issubclass(SignatureError, TypeError)
    assert not issubclass(MissingConfigError, TypeError)


FORMS = {
    "nothing": ((), {}),
    "by position": ((10,), {}),
    "by name": ((), {"a": 10}),
    "both": ((10,), {"b": 20}),
    "in another order": ((), {"b": 20, "a": 10}),
    "by name only": ((), {"k": 30}),
    "all": ((10, 20, 25), {"k": 30, "s": 40}),
    "too many": ((1, 2, 3, 4), {}),
    "unknown": ((), {"zz": 1, "yy": 2}),
    "twice": ((10,), {"a": 10}),
}


@pytest.mark.parametrize("form", FORMS)
def test_calls_of_one_form(ex, form):
    """The second call of a form, which is remembered, does what the first did; errors say the same."""
    args, kwargs = FORMS[form]

    @ex.capture
    def f(a, b, d, *, k=3, s):
        d["z"] += 1
        return a, b, d if isinstance(d, int) else d["z"], k, s

    def outcome():
        try:
            return f(*args, **kwargs)
        except (SignatureError, TypeError) as error:
            return type(error), str(error)

    first, again = during(ex, lambda: (outcome(), outcome()))
    assert first == again
    given = dict(zip(["a", "b", "d"], args, strict=False)) | kwargs
    expected = {
        "too many": (SignatureError, "f got unexpected argument(s): (4,)"),
        "unknown": (SignatureError, "f got unexpected kwarg(s): ['yy', 'zz']"),
        "twice": (SignatureError, "f got multiple values for argument(s) ['a']"),
    }
    if form == "all":
        assert first[0] is TypeError  # the function's own: 25["z"]
    else:
        filled = {"a": 1, "b": 2, "d": 27, "k": 3, "s": "text", **given}
        assert first == expected.get(form, tuple(filled.values()))


def test_any_number_of_forms(ex):
    @ex.capture
    def f(a, /, b, **more):
        return a, b, more

    def main():
        return [f(**{f"x{n}": n}) for n in range(200)], f(a=5), f(7, b=9, c=8), f(b=3)

    many, by_name, both, one = during(ex, main)
    assert many == [(1, 2, {f"x{n}": n}) for n in range(200)]
    assert by_name == (5, 2, {})
    assert one == (1, 3, {})
    assert both == (7, 9, {"c": 8})


def test_seeds_count_calls(ex):
    """A call that is given its seed uses one up all the same, however it is given."""

    @ex.capture
    def f(_seed, _rnd):
        return _seed

    plain = during(ex, lambda: [f() for _ in range(4)], seed=3)
    assert during(ex, lambda: [f(), f(_seed=1, _rnd=2), f(5, 6), f()], seed=3) == [plain[0], 1, 5, plain[3]]


class Held:
    def __init__(self, number):
        self.number = number


def test_bound_methods(ex):
    @ex.capture
    def method(self, a, x=5):
        """What it does."""
        return self.number, a, x

    Held.method = method
    one, other = Held(1), Held(2)
    Held.kept = one.method
    try:
        assert during(ex, lambda: (one.method(), one.method(a=9), one.method(7, x=8), other.kept())) == (
            (1, 1, 5),
            (1, 9, 5),
            (1, 7, 8),
            (1, 1, 5),
        )
        assert during(ex, lambda: functools.partial(one.method, x=6)()) == (1, 1, 6)
        assert one.method == one.method
        assert hash(one.method) == hash(one.method)
        assert one.method != other.method
        assert one.method.__self__ is one
        assert one.method.__func__ is method
        assert one.method.__name__ == "method"
        assert str(inspect.signature(one.method)) == "(a, x=5)"
        assert one.method.__wrapped__(3) == (1, 3, 5)
        assert copy.copy(one.method) == one.method
    finally:
        del Held.method, Held.kept


def test_attributes_of_the_original(ex):
    @ex.capture
    def documented(a, b=10):
        """What it does."""
        return a

    assert documented.__name__ == "documented"
    assert documented.__doc__ == "What it does."
    assert str(inspect.signature(documented)) == "(a, b=10)"
    assert inspect.isfunction(documented)
    assert documented == documented.original
    assert hash(documented) == hash(documented.original)
    assert str(documented.signature) == "documented(a, b=10)"
    assert documented.prefix is None
    assert not documented.uses_randomness


def test_capturing_again(ex):
    @ex.capture
    def f(a):
        return a

    assert ex.capture(f) is f
    with pytest.raises(CaptureError, match="prefix"):
        ex.capture(f, prefix="d")


def test_E12_one_function_of_two_ingredients(ex):
    other = Ingredient("other", interactive=True)
    other.add_config(a="other's")
    ex.ingredients.append(other)

    def f(a):
        return a

    mine, theirs = ex.capture(f), other.capture(f)
    assert during(ex, lambda: (mine(), theirs())) == (1, "other's")


def test_outside_of_a_run(ex):
    @ex.capture
    def f(x, b=10, _run=None, _log=None, _seed=0):
        return x, b, _run, _log, _seed > 0

    assert f(1) == (1, 10, None, None, True)
    with pytest.raises(MissingConfigError):
        f()
    ex.main(lambda: None)
    ex.run("<lambda>", loglevel="ERROR")
    assert f(1)[1] == 2  # the last run's values remain


def test_values_set_by_hand():
    def f(a, b=2, _seed=None):
        return a, b

    captured = create_captured_function(f)
    captured.config = {"a": 7}
    assert captured() == (7, 2)
    captured.config = {"a": 8, "b": 9}
    assert captured() == (8, 9)


def test_readonly_copy(ex):
    """Edits stay local to the call and never reach the record or the next call."""

    @ex.capture
    def f(d):
        assert type(d) is dict
        assert type(d["l"]) is list
        d["l"].append(3)
        d["new"] = 1
        return copy.deepcopy(d)

    @ex.main
    def main():
        return f(), f()

    run = ex.run(loglevel="ERROR")
    assert run.result[0] == run.result[1] == {"z": 26, "l": [1, 2, 3], "new": 1}
    assert run.config["d"] == {"z": 26, "l": [1, 2]}


def test_readonly_error(ex):
    SETTINGS.CONFIG.READ_ONLY_CONFIG = "error"

    @ex.capture
    def f(d):
        d["l"].append(3)

    with pytest.raises(Exception, match="read-only in a captured function"):
        during(ex, lambda: f())


def test_readonly_off(ex):
    SETTINGS.CONFIG.READ_ONLY_CONFIG = False

    @ex.capture
    def f(d):
        d["l"].append(3)
        return list(d["l"])

    assert during(ex, lambda: (f(), f())) == ([1, 2, 3], [1, 2, 3, 3])


def test_readonly(ex):
    """In the default mode every library accepts the values."""
    import json

    yaml = pytest.importorskip("yaml")
    numpy = pytest.importorskip("numpy")

    @ex.capture
    def f(d):
        return json.dumps(d), yaml.safe_dump(d), pickle.loads(pickle.dumps(d)) == d, numpy.array(d["l"]).sum()

    assert during(ex, lambda: f())[2:] == (True, 3)


picklable = Experiment("picklable", interactive=True)


@picklable.capture
def module_level(a=3):
    return a


def test_E6_captured_functions_pickle_by_reference():
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    assert copy.deepcopy(module_level) is module_level


def test_E10_conflicting_values_are_shown_with_prefix_and_value(ex):
    @ex.capture(prefix="d")
    def f(z):
        raise InvalidConfigError("wrong", conflicting_configs="z")

    with pytest.raises(InvalidConfigError) as caught:
        during(ex, lambda: f())
    for _ in range(2):
        assert "d.z=26" in str(caught.value)


def test_capture_testing(ex):
    """A captured function can be tried without a run."""

    @ex.capture
    def f(a, b, x=0):
        return a, b, x

    with ex.configured(a=10) as config:
        assert f() == (10, 2, 0)
        assert f(1, 2, 3) == (1, 2, 3)
        assert config["a"] == 10
    with ex.configured({"b": 7}):
        assert f() == (1, 7, 0)


def test_main_called_directly(ex, caplog):
    @ex.main
    def main(a=5):
        return a

    assert main() == 5
    assert main() == 5
    assert caplog.text.count("nothing is recorded") == 1
    assert "ex.run('main')" in caplog.text
    assert ex.current_run is None
