"""Every way to write a config scope: with and without an update, from its source and without source.

Each row is a body, what it gives, an update, and what it gives then. Every row is evaluated four times.
"""

from __future__ import annotations

import sys
import textwrap

import pytest

from hallow.config import ConfigScope
from hallow.settings import SETTINGS

SPELLINGS = {
    "assignment": ("a = 1\nb = a * 2", {"a": 1, "b": 2}, {"a": 10}, {"a": 10, "b": 20}),
    "chained": ("a = b = 1\nc = a + b", {"a": 1, "b": 1, "c": 2}, {"b": 5}, {"a": 1, "b": 5, "c": 6}),
    "tuple target": ("a, b = 1, 2\nc = a + b", {"a": 1, "b": 2, "c": 3}, {"a": 5}, {"a": 5, "b": 2, "c": 7}),
    "nested target": ("(a, [b, c]) = 1, (2, 3)", {"a": 1, "b": 2, "c": 3}, {"c": 5}, {"a": 1, "b": 2, "c": 5}),
    "starred target": (
        "a, *b = [1, 2, 3]\nc = len(b)",
        {"a": 1, "b": [2, 3], "c": 2},
        {"b": [9]},
        {"a": 1, "b": [9], "c": 1},
    ),
    "swap": ("a, b = 1, 2\na, b = b, a", {"a": 2, "b": 1}, {"a": 7}, {"a": 7, "b": 7}),
    "annotated": ("a: int = 1\nb: float = a / 2", {"a": 1, "b": 0.5}, {"a": 3}, {"a": 3, "b": 1.5}),
    "augmented": ("a = 1\na += 4\nb = a", {"a": 5, "b": 5}, {"a": 10}, {"a": 10, "b": 10}),
    "augmented list": ("a = [1]\na += [2]\nb = len(a)", {"a": [1, 2], "b": 2}, {"a": [7]}, {"a": [7], "b": 1}),
    "walrus": ("if (a := 3) > 2:\n    b = a", {"a": 3, "b": 3}, {"a": 4}, {"a": 4, "b": 4}),
    "walrus in comprehension": (
        "b = [i for i in range(3) if (a := i) >= 0]\nc = a",
        {"a": 2, "b": [0, 1, 2], "c": 2},
        {"a": 9},
        {"a": 9, "b": [0, 1, 2], "c": 9},
    ),
    "branches": (
        "a = 1\nif a > 5:\n    b = 'big'\nelse:\n    b = 'small'",
        {"a": 1, "b": "small"},
        {"a": 9},
        {"a": 9, "b": "big"},
    ),
    "conditional expression": ("a = 1\nb = 'x' if a == 1 else 'y'", {"a": 1, "b": "x"}, {"a": 2}, {"a": 2, "b": "y"}),
    "for": ("n = 3\ns = 0\nfor i in range(n):\n    s = s + i", {"n": 3, "s": 3}, {"n": 5}, {"n": 5, "s": 10}),
    "for else": ("for i in ():\n    pass\nelse:\n    a = 1\nb = a", {"a": 1, "b": 1}, {"a": 2}, {"a": 2, "b": 2}),
    "for tuple": ("s = {}\nfor k, v in [('x', 1)]:\n    s[k] = v", {"s": {"x": 1}}, {"s": {"x": 5}}, {"s": {"x": 5}}),
    "while": ("a = 0\nn = 3\nwhile a < n:\n    a = a + 1", {"a": 3, "n": 3}, {"n": 5}, {"a": 5, "n": 5}),
    "break": ("a = 1\nfor i in range(9):\n    if i > 3:\n        break\n    a = i", {"a": 3}, {"a": 8}, {"a": 8}),
    "with": (
        "import io\nwith io.StringIO('7') as f:\n    a = int(f.read())\nb = a",
        {"a": 7, "b": 7},
        {"a": 1},
        {"a": 1, "b": 1},
    ),
    "try": (
        "try:\n    a = 1 / 0\nexcept ZeroDivisionError as e:\n    a = 5\nb = a",
        {"a": 5, "b": 5},
        {"a": 6},
        {"a": 6, "b": 6},
    ),
    "try else finally": (
        "try:\n    a = 1\nexcept KeyError:\n    a = 2\nelse:\n    b = a\nfinally:\n    c = a",
        {"a": 1, "b": 1, "c": 1},
        {"a": 4},
        {"a": 4, "b": 4, "c": 4},
    ),
    "match": (
        "a = 2\nmatch a:\n    case 1:\n        b = 'one'\n    case _:\n        b = 'many'",
        {"a": 2, "b": "many"},
        {"a": 1},
        {"a": 1, "b": "one"},
    ),
    "match captures": (
        "a = [1, 2]\nmatch a:\n    case [x, y]:\n        b = x + y\n    case [x]:\n        b = x",
        {"a": [1, 2], "b": 3},
        {"a": [8]},
        {"a": [8], "b": 8},
    ),
    "list comprehension": (
        "a = 2\nb = [a * i for i in range(3)]",
        {"a": 2, "b": [0, 2, 4]},
        {"a": 3},
        {"a": 3, "b": [0, 3, 6]},
    ),
    "dict comprehension": (
        "a = 2\nb = {str(k): a for k in range(2)}",
        {"a": 2, "b": {"0": 2, "1": 2}},
        {"a": 3},
        {"a": 3, "b": {"0": 3, "1": 3}},
    ),
    "set comprehension": (
        "a = 2\nb = {a + k for k in range(2)}",
        {"a": 2, "b": {2, 3}},
        {"a": 3},
        {"a": 3, "b": {3, 4}},
    ),
    "generator": ("a = 2\nb = sum(a for _ in range(3))", {"a": 2, "b": 6}, {"a": 3}, {"a": 3, "b": 9}),
    "nested comprehension": (
        "a = 2\nb = [[a * j for j in range(i)] for i in range(3)]",
        {"a": 2, "b": [[], [0], [0, 2]]},
        {"a": 1},
        {"a": 1, "b": [[], [0], [0, 1]]},
    ),
    "lambda": ("a = 2\nb = (lambda x: a * x)(5)", {"a": 2, "b": 10}, {"a": 3}, {"a": 3, "b": 15}),
    "inner def": ("a = 2\ndef f(x):\n    return a + x\nb = f(1)", {"a": 2, "b": 3}, {"a": 5}, {"a": 5, "b": 6}),
    "inner def with default": (
        "a = 2\ndef f(x=a):\n    return x\nb = f()",
        {"a": 2, "b": 2},
        {"a": 5},
        {"a": 5, "b": 5},
    ),
    "inner class": ("a = 2\nclass C:\n    v = a + 1\nb = C.v", {"a": 2, "b": 3}, {"a": 5}, {"a": 5, "b": 6}),
    "nonlocal": (
        "a = 2\nb = 0\ndef f():\n    nonlocal b\n    b = a\nf()",
        {"a": 2, "b": 2},
        {"b": 5},
        {"a": 2, "b": 5},
    ),
    "early return": ("a = 1\nif a == 1:\n    return\nb = 2", {"a": 1}, {"a": 5}, {"a": 5, "b": 2}),
    "return in loop": (
        "for i in range(5):\n    a = i\n    if a >= 2:\n        return\nb = 1",
        {"a": 2},
        {"a": 9},
        {"a": 9},
    ),
    "return None": ("a = 1\nreturn None", {"a": 1}, {"a": 2}, {"a": 2}),
    "locals": ("a = 1\nb = sorted(locals())", {"a": 1, "b": ["a"]}, {"a": 2}, {"a": 2, "b": ["a"]}),
    "locals idiom": ("a = 1\n_ = locals()\ndel _", {"a": 1}, {"a": 2}, {"a": 2}),
    "del": ("a = 1\nb = 2\ndel a", {"b": 2}, {"b": 3}, {"b": 3}),
    "del fixed": ("a = 1\ndel a\nb = 2", {"b": 2}, {"a": 3}, {"a": 3, "b": 2}),
    "del several": ("a = b = c = 1\ndel a, b", {"c": 1}, {"b": 3}, {"b": 3, "c": 1}),
    "dict items": ("d = {}\nd['k'] = 1\nb = d['k']", {"d": {"k": 1}, "b": 1}, {"d": {"k": 5}}, {"d": {"k": 5}, "b": 5}),
    "dict update": (
        "d = dict(x=1)\nd.update(y=2)\nb = d['y']",
        {"d": {"x": 1, "y": 2}, "b": 2},
        {"d": {"y": 5}},
        {"d": {"x": 1, "y": 5}, "b": 5},
    ),
    "dict or": ("d = {'x': 1}\nd |= {'y': 2}", {"d": {"x": 1, "y": 2}}, {"d": {"y": 5}}, {"d": {"x": 1, "y": 5}}),
    "nested dicts": (
        "d = {'x': {'y': 1, 'z': 2}}\nb = d['x']['y']",
        {"d": {"x": {"y": 1, "z": 2}}, "b": 1},
        {"d": {"x": {"y": 5}}},
        {"d": {"x": {"y": 5, "z": 2}}, "b": 5},
    ),
    "dict unpacked": (
        "d = {'x': 1}\nb = {**d, 'y': 2}",
        {"d": {"x": 1}, "b": {"x": 1, "y": 2}},
        {"d": {"x": 5}},
        {"d": {"x": 5}, "b": {"x": 5, "y": 2}},
    ),
    "dict copied": (
        "d = {'x': 1}\nb = d.copy()\nb['x'] = 7",
        {"d": {"x": 1}, "b": {"x": 7}},
        {"d": {"x": 5}},
        {"d": {"x": 5}, "b": {"x": 7}},
    ),
    "list append": ("a = [1]\na.append(2)\nb = a[-1]", {"a": [1, 2], "b": 2}, {"a": [7, 8]}, {"a": [7, 8], "b": 8}),
    "f-string": ("a = 1\nb = f'{a:03d}/{a!r}'", {"a": 1, "b": "001/1"}, {"a": 12}, {"a": 12, "b": "012/12"}),
    "import in body": ("import math\na = math.floor(2.5)", {"a": 2}, {"a": 3}, {"a": 3}),
    "import from": ("from math import floor as fl\na = fl(2.5)", {"a": 2}, {"a": 3}, {"a": 3}),
    "underscore": ("_a = 1\nb = _a", {"_a": 1, "b": 1}, {"_a": 2}, {"_a": 2, "b": 2}),
    "global of the module": ("a = BASE + 1", {"a": 101}, {"a": 3}, {"a": 3}),
    "global statement": ("global BASE\nBASE = 5\na = BASE", {"a": 5}, {"a": 3}, {"a": 3}),
    "comments and blanks": (
        "# first\n\na = 1  # one\n    # odd indent\n\nb = 2",
        {"a": 1, "b": 2},
        {"a": 3},
        {"a": 3, "b": 2},
    ),
    "multi-line value": (
        "a = [\n    1,\n    2,\n]\nb = '''x\ny'''",
        {"a": [1, 2], "b": "x\n    y"},
        {"a": []},
        {"a": [], "b": "x\n    y"},
    ),
    "backslash": ("a = 1 + \\\n    2", {"a": 3}, {"a": 4}, {"a": 4}),
    "assert": ("a = 1\nassert a < 100, 'too much'\nb = a", {"a": 1, "b": 1}, {"a": 2}, {"a": 2, "b": 2}),
    "pass": ("pass", {}, {"a": 2}, {"a": 2}),
    "ellipsis": ("...", {}, {"a": 2}, {"a": 2}),
    "scalar instead of dict": (
        "d = None\nif d:\n    b = d['k']",
        {"d": None},
        {"d": {"k": 5}},
        {"d": {"k": 5}, "b": 5},
    ),
    "print only": ("print('hello')", {}, {"a": 1}, {"a": 1}),
    "conditional lambda": (
        "a = 3\nb = [f(a) for f in (lambda x: x + 1, lambda x: x * a)]",
        {"a": 3, "b": [4, 9]},
        {"a": 4},
        {"a": 4, "b": [5, 16]},
    ),
    "async comprehension-free def": (
        "a = 1\nasync def f():\n    return a\nb = a",
        {"a": 1, "b": 1},
        {"a": 2},
        {"a": 2, "b": 2},
    ),
    "exception group": (
        "a = 1\ntry:\n    raise ValueError(a)\nexcept (ValueError, KeyError) as e:\n    b = e.args[0]",
        {"a": 1, "b": 1},
        {"a": 2},
        {"a": 2, "b": 2},
    ),
    "nested functions deep": (
        "a = 1\ndef f():\n    def g():\n        return a\n    return g()\nb = f()",
        {"a": 1, "b": 1},
        {"a": 2},
        {"a": 2, "b": 2},
    ),
}

HEADERS = {
    "plain": "def cfg():",
    "async": "async def cfg():",
    "annotated": "def cfg() -> None:",
    "black": "def cfg(\n):",
}

counter = iter(range(10**6))


def make(text, tmp_path, name="cfg", **names):
    """The function that ``text`` defines, from a file."""
    file = tmp_path / f"scope_{next(counter)}.py"
    file.write_text(text)
    space = {"BASE": 100, "__name__": "made", **names}
    exec(compile(text, str(file), "exec"), space)
    return space[name]


def without_source(text, name="cfg", **names):
    space = {"BASE": 100, "__name__": "made", **names}
    exec(compile(text, "<no file>", "exec"), space)
    return space[name]


def scopes(text, tmp_path, name="cfg", **names):
    """The scope from its source and without."""
    first = ConfigScope(make(text, tmp_path, name, **names))
    second = ConfigScope(without_source(text, name, **names))
    assert first._source is not None
    assert second._source is None
    return first, second


def indented(body):
    return textwrap.indent(body, "    ")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings(spelling, tmp_path, capsys):
    body, plain, update, updated = SPELLINGS[spelling]
    for scope in scopes(f"def cfg():\n{indented(body)}\n", tmp_path):
        assert scope() == plain
        assert scope(update) == updated
        assert scope(update) == updated, "evaluating twice changes nothing"
        assert scope() == plain


@pytest.mark.parametrize("header", HEADERS)
def test_scope_source_headers(header, tmp_path):
    text = f"{HEADERS[header]}\n    '''Doc.'''\n    a = 1\n    b = a + 1\n"
    for scope in scopes(text, tmp_path):
        assert scope({"a": 3}) == {"__doc__": "Doc.", "a": 3, "b": 4}


def decorated(function):
    return function


ENCLOSED = '''
def factory(outer):
    if outer:
        @decorated
        @decorated
        def cfg():
            """Doc.
              Second.
            """
            a = outer  # the outer one
            text = """
dedented further than the code
"""
            b = [a + outer for _ in range(2)]
            def inner():
                return outer
            c = inner()
    return cfg
'''


def test_closure_of_a_factory(tmp_path):
    for factory in (
        make(ENCLOSED, tmp_path, "factory", decorated=decorated),
        without_source(ENCLOSED, "factory", decorated=decorated),
    ):
        scope = ConfigScope(factory(3))
        assert scope({"a": 5}) == {
            "__doc__": "Doc.\nSecond.\n" if sys.version_info >= (3, 13) else "Doc.\n  Second.\n",
            "a": 5,
            "text": "\ndedented further than the code\n",
            "b": [8, 8],
            "c": 3,
        }
    assert ConfigScope(make(ENCLOSED, tmp_path, "factory", decorated=decorated)(1)).docs["a"] == "the outer one"


METHOD = """
class Owner:
    limit = 3
    def make(self):
        __private = 2
        def cfg():
            a = __private + self.limit
            f = lambda: a
            class K:
                pass
            k = K
        def cfg_of_same_name():
            pass
        return cfg
def cfg(size):
    def cfg():
        a = size
    return cfg
"""


def test_scopes_inside_of_classes_and_functions(tmp_path):
    for owner in (make(METHOD, tmp_path, "Owner"), without_source(METHOD, "Owner")):
        result = ConfigScope(owner().make())()
        assert result["a"] == 5
        assert result["f"].__qualname__ == "Owner.make.<locals>.cfg.<locals>.<lambda>"
        assert result["k"].__qualname__ == "Owner.make.<locals>.cfg.<locals>.K"
    scope = ConfigScope(make(METHOD, tmp_path)(4))
    assert scope() == {"a": 4}
    assert scope._source is not None
    assert ConfigScope(make(METHOD, tmp_path, "Owner")().make())._source is not None


@pytest.mark.parametrize(
    "text",
    [
        "def cfg(): a = 1; b = 5",
        "def cfg(x,\n        y,\n        ):\n    a = x\n    b = y\n",
        "def cfg(x, *, y): a = x; b = y",
        "def cfg(x, /, y): a = x; b = y",
    ],
)
def test_scope_source_signatures(text, tmp_path):
    for scope in scopes(text + "\n", tmp_path):
        result = scope({"a": 7}, {"x": 1, "y": 5})
        assert (result["a"], result["b"]) == (7, 5)


def test_value_of_a_walrus(tmp_path):
    scope = ConfigScope(make("def cfg():\n    b = [a := i for i in range(3)]\n    c = (d := 1) + 1\n", tmp_path))
    assert scope({"a": 9, "d": 5}) == {"a": 9, "b": [9, 9, 9], "c": 6, "d": 5}


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="stored and loaded by one instruction, see config/tracing.py")
def test_one_line_without_source():
    assert ConfigScope(without_source("def cfg(): a = 1; b = a"))({"a": 5}) == {"a": 5, "b": 5}


def test_one_line(tmp_path):
    assert ConfigScope(make("def cfg(): a = 1; b = a\n", tmp_path))({"a": 5}) == {"a": 5, "b": 5}


def test_set_difference_of_two_samples(tmp_path):
    """From a user's report: a comprehension over entries that are defined above it."""
    text = """
import random
def cfg():
    indices = random.sample(list(range(45)), 40)
    train = random.sample(indices, 35)
    val = [i for i in indices if i not in train]
"""
    for scope in scopes(text, tmp_path):
        result = scope()
        assert sorted(result["val"]) == sorted(set(result["indices"]) - set(result["train"]))
        assert len(result["val"]) == 5
        fixed = scope({"indices": list(range(40)), "train": list(range(38))})
        assert fixed["val"] == [38, 39]


ALL = """
import math as m
def cfg():
    import os
    from math import pi
    for i in range(2):
        pass
    def f():
        pass
    class C:
        pass
    with open(__file__) as file:
        line = file.readline()
    assigned: int = 1
    also = f
"""


def test_scope_leak(tmp_path):
    """Modules, open files, loop variables and helpers are no entries; a setting restores the old rule."""
    file = tmp_path / "leak.py"
    file.write_text(ALL)
    space = {"__file__": str(file), "__name__": "leak"}
    exec(compile(ALL, str(file), "exec"), space)
    no_source = without_source(ALL, __file__=str(file))
    for function in (space["cfg"], no_source):
        scope = ConfigScope(function)
        assert set(scope()) == {"line", "assigned", "also"}
        assert set(scope({"i": 7, "pi": 3})) == {"line", "assigned", "also", "i", "pi"}
        SETTINGS.CONFIG.SCOPE_ENTRIES = "all"
        assert set(scope()) == {"line", "assigned", "also", "i", "pi", "f", "C"}
        SETTINGS.CONFIG.SCOPE_ENTRIES = "assigned"


def test_scope_leak_is_noted(tmp_path, caplog):
    caplog.set_level("DEBUG", "hallow.config")
    ConfigScope(make("def cfg():\n    import os\n    for i in range(1):\n        a = os.sep\n", tmp_path))()
    assert len(caplog.records) == 1
    assert "os (module)" in caplog.text
    assert "i (not assigned)" in caplog.text


def test_a_tracer_goes_on_working(tmp_path):
    """Evaluating without source disturbs neither a debugger nor a coverage tool."""
    seen = []

    def tracer(frame, event, arg):
        if frame.f_code.co_filename == "<no file>":
            seen.append((event, frame.f_lineno))
        return tracer

    scope = ConfigScope(without_source("def cfg():\n    a = 1\n    b = a\n"))
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert scope({"a": 4}) == {"a": 4, "b": 4}
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert ("line", 2) in seen
    assert ("line", 3) in seen


def test_scopes_run_in_threads_at_once(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    for scope in scopes("def cfg():\n    a = 1\n    b = [a for _ in range(50)]\n", tmp_path):
        with ThreadPoolExecutor(4) as pool:
            for number, result in enumerate(pool.map(lambda n: scope({"a": n}), range(40))):
                assert result == {"a": number, "b": [number] * 50}
