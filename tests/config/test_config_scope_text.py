"""What the text of a config scope may hold, and what is read from it: documentation, types, dependencies."""

from __future__ import annotations

import textwrap
import traceback
from typing import Literal

import pytest

from hallow.config import ConfigScope
from hallow.errors import (
    ConfigError,
    MissingValueError,
    ScopeError,
    ScopeSignatureError,
    ScopeSourceError,
)
from hallow.settings import SETTINGS

SEED_DOC = {"seed": "the random seed for this experiment"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a = 1\nreturn a", "return a"),
        ("if 1:\n    yield 5", "yield 5"),
        ("x = yield", "yield"),
        ("with open('x'):\n    return {'a': 1}", "return {'a': 1}"),
    ],
)
def test_C1_statements_that_a_scope_cannot_hold(tmp_path, body, text):
    file = tmp_path / "exp.py"
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    file.write_text(f"def cfg():\n{lines}")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(SyntaxError, match="config scope") as caught:
        ConfigScope(names["cfg"])
    line = 1 + next(n for n, row in enumerate(f"\n{body}".split("\n")) if text in row)
    assert f"{file}:{line}" in str(caught.value)
    assert f"`{text}`" in str(caught.value)
    assert isinstance(caught.value, ScopeError)
    assert isinstance(caught.value, ConfigError)


def test_C1_without_source():
    names = {}
    exec(
        "def gen():\n    a = 1\n    yield a\ndef ret():\n    a = 1\n    return a\nasync def wait():\n    await other()",
        names,
    )
    with pytest.raises(ScopeError, match="yield"):
        ConfigScope(names["gen"])
    with pytest.raises(ScopeError, match="returns a value"):
        ConfigScope(names["ret"])()


def test_scope_source(tmp_path):
    """What is no scope is refused when it is made, with file, line and reason."""
    file = tmp_path / "exp.py"
    file.write_text("async def cfg():\n    a = 1\n    await a\nasync def gen():\n    x = [i async for i in y]\n")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(ScopeError, match=r"exp.py:3: .*`await a`"):
        ConfigScope(names["cfg"])
    with pytest.raises(ScopeError, match=r"exp.py:5: "):
        ConfigScope(names["gen"])
    with pytest.raises(ScopeError, match="lambda"):
        ConfigScope(lambda: 1)
    for wrong in (print, 5, None, "x", dict):
        with pytest.raises(ScopeSourceError, match="add_config"):
            ConfigScope(wrong)
    for signature, text in (
        ("a=1", "default values"),
        ("*a", r"\*args"),
        ("**a", r"\*\*kwargs"),
        ("*, a=1", "default values"),
    ):
        exec(f"def cfg({signature}): pass", names)
        with pytest.raises(AssertionError, match=f"{text} are not allowed for ConfigScope functions.*cfg"):
            ConfigScope(names["cfg"])
    assert issubclass(ScopeSignatureError, ConfigError)


def test_a_scope_of_a_scope_and_of_wrappers():
    import functools

    def cfg():
        a = 1

    @functools.wraps(cfg)
    def wrapped(*args, **kwargs):
        return cfg(*args, **kwargs)

    assert ConfigScope(ConfigScope(cfg))() == ConfigScope(wrapped)() == {"a": 1}


def test_C2_code_without_source():
    names = {}
    exec("def cfg():\n    a = 1  # doc\n    b = a + 1", names)
    scope = ConfigScope(names["cfg"])
    assert scope({"a": 3}) == {"a": 3, "b": 4}
    assert scope.docs == SEED_DOC


def test_C2_a_file_that_was_changed_meanwhile(tmp_path):
    file = tmp_path / "exp.py"
    file.write_text("def cfg():\n    a = 1\n")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    file.write_text("def cfg():\n    a = 2  # another\n")
    scope = ConfigScope(names["cfg"])
    assert scope() == {"a": 1}
    assert scope.docs == SEED_DOC


def test_C2_scopes_of_test_modules_with_assertions():
    def cfg():
        a: int = 1  # documented
        assert a < 10, "too much"

    scope = ConfigScope(cfg)
    assert scope.docs["a"] == "documented"
    assert scope.annotations == {"a": int}
    with pytest.raises(AssertionError, match="too much"):
        scope({"a": 11})


def test_C3_line_numbers(make):
    scope = make("a = 1\n\nb = 2\nc = 1 / 0")
    with pytest.raises(ZeroDivisionError) as caught:
        scope({"b": 3})
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.lineno == 5
    if make.has_source:
        assert last.line == "c = 1 / 0"


FACTOR = 3


def test_comprehension(make):
    """Every name that a function body sees resolves, with updates in force."""
    spellings = {
        "[a * i for i in l]": lambda a: [a * 1, a * 2],
        "{k: a for k in 'x'}": lambda a: {"x": a},
        "sum(a for _ in l)": lambda a: 2 * a,
        "(lambda: a)()": lambda a: a,
        "f()": lambda a: a + 1,
        "C.v": lambda a: a,
        "[[a for _ in l] for _ in l]": lambda a: [[a, a], [a, a]],
        "a * FACTOR": lambda a: a * FACTOR,
    }
    for spelling, expected in spellings.items():
        scope = make(
            f"a = 2\nl = [1, 2]\ndef f():\n    return a + 1\nclass C:\n    v = a\nb = {spelling}", FACTOR=FACTOR
        )
        assert scope()["b"] == expected(2)
        assert scope({"a": 10})["b"] == expected(10)


def test_C4_closures_and_locals():
    outer = 5

    def cfg():
        a = outer
        seen = sorted(locals())
        b = [a + outer for _ in range(2)]

    assert ConfigScope(cfg)({"a": 1}) == {"a": 1, "b": [6, 6], "seen": ["a", "outer"]}


def test_C4_a_container_that_holds_itself_is_dropped(make, caplog):
    caplog.set_level("DEBUG", "hallow.config")
    assert make("a = 1\nl = []\nl.append(l)")() == {"a": 1}
    assert "contains itself" in caplog.text


def test_C6_modules_are_no_entries(make):
    SETTINGS.CONFIG.SCOPE_ENTRIES = "all"
    assert make("import math\nm = math\na = math.floor(1.5)")() == {"a": 1}


def test_C7_no_entry_for_annotations(make):
    SETTINGS.CONFIG.SCOPE_ENTRIES = "all"
    assert set(make("a: int = 1")()) == {"a"}


def documented():
    # above first
    first = 1
    second = 2  # inline  # with more
    third: int = 3  # annotated
    text = "# no comment"
    # far above

    fourth, (fifth, [sixth]) = 4, (5, [6])  # tuple
    seventh = eighth = 7  # both
    if first:
        for _ in range(1):
            with open(__file__) as file:
                deep = 1  # deep one

    def inner():
        hidden = 1  # not an entry

    class Hidden:
        attribute = 1  # not one either

    # pylint: disable=all
    ignored = 1  # noinspection PyUnusedLocal
    # block, line 1
    # block, line 2
    block = 1
    second = 3  # repeated
    plain = 5
    multi = [  # opening
        1,  # inside
    ]


def test_C8_docs():
    docs = ConfigScope(documented).docs
    assert docs == {
        **SEED_DOC,
        "first": "above first",
        "second": "inline  # with more",
        "third": "annotated",
        "fourth": "tuple",
        "fifth": "tuple",
        "sixth": "tuple",
        "seventh": "both",
        "eighth": "both",
        "deep": "deep one",
        "block": "block, line 2",
        "multi": "opening",
    }
    SETTINGS.CONFIG.IGNORED_COMMENTS = ["^deep"]
    assert "deep" not in ConfigScope(documented).docs
    assert ConfigScope(documented).docs["ignored"] == "noinspection PyUnusedLocal"


# A comment in every kind of line, next to what only looks like one.
COMMENTED = {
    "plain strings": """
        a = "# no"  # yes
        b = 'it\\'s # no' + "\\"#"  # too
        # above
        c = 1
        """,
    "strings in strings": """
        a = f"{'#'} # no"  # yes
        b = rF'# no {1}'  # too
        # above
        c = 1
        """,
    "strings of several lines": """
        text = '''
        # no comment
        a = 5  # not this one
        '''
        a = 1  # yes
        b = "# no \\
        # nor this"  # too late
        # too
        b = 2
        # above
        c = 1
        """,
    "brackets": """
        a = [  # yes
            "#",
            1,  # one
        ]
        b = dict(  # too
            k=1,
        )
        # above
        c = 1
        """,
    "a docstring": """
        \"\"\"What it is. # no
        a = 1  # no
        # no\"\"\"

        a = 1  # yes
        b = 1  # too
        # above

        c = 1
        # not part of anything
        """,
}


@pytest.mark.parametrize("kind", COMMENTED)
def test_comments_among_strings(make, kind):
    scope = make(textwrap.dedent(COMMENTED[kind]).strip("\n"))
    if make.has_source:
        assert scope.docs == {**SEED_DOC, "a": "yes", "b": "too", "c": "above"}


@pytest.mark.parametrize("end", ['text = """\nless\n"""', "l = [\n1,\n2,\n]", "n: int\n# comment\nm: int"])
def test_the_end_of_a_scope(tmp_path, end):
    """Lines of strings and brackets may have less indentation than the scope; comments count for nothing."""
    lines = end.split("\n")
    body = "\n".join([f"        {lines[0]}", *(line if ":" not in line else f"        {line}" for line in lines[1:])])
    text = f"if True:\n    def cfg():\n        a = 1  # doc\n{body}\n    # outside\n    other = 1\nlast = 2\n"
    (tmp_path / "ending.py").write_text(text)
    names = {}
    exec(compile(text, str(tmp_path / "ending.py"), "exec"), names)
    scope = ConfigScope(names["cfg"])
    assert scope._source is not None
    assert scope.docs["a"] == "doc"
    assert scope.lines["a"] == 3
    assert set(scope({"n": 1, "m": 2})) >= {"a"}
    if "m:" in end:
        assert scope.required == {"n", "m"}
        assert (scope.lines["n"], scope.lines["m"]) == (4, 6)


def test_C9_docs_are_part_of_the_summary():
    assert ConfigScope(documented)().docs["third"] == "annotated"


# --------------------------------------------------------------------------------------------------- declarations


def annotated():
    lr: float = 0.1
    mode: Literal["a", "b"] = "a"
    path: str
    out = path + "/out"
    later: NotDefined = 1
    quoted: "int" = 1

    def inner():
        hidden: int = 1


def test_annotations_and_required():
    scope = ConfigScope(annotated)
    assert scope.annotations == {"lr": float, "mode": Literal["a", "b"], "path": str, "quoted": int}
    assert scope.required == {"path"}
    assert scope.lines["lr"] == annotated.__code__.co_firstlineno + 1
    summary = scope({"path": "x"})
    assert summary["out"] == "x/out"
    assert summary.added == set()
    assert ConfigScope(annotated)({}, {"path": "y"})["out"] == "y/out"
    with pytest.raises(MissingValueError, match="path"):
        scope()


def test_required_only_where_nothing_gives_a_value():
    def cfg():
        a: int
        if True:
            a = 1
            b: int

    scope = ConfigScope(cfg)
    assert scope.required == set()
    assert scope() == {"a": 1}
    assert scope({"b": 3}) == {"a": 1, "b": 3}


def test_reads():
    def cfg(given):
        x = 1
        y = x + given
        z = [y for _ in range(2)]
        d = {}
        d["k"] = z
        if x > 0:
            branch = 1
        for i in z:
            total = i
        l = []
        l.append(y)
        lone = 5

    reads = ConfigScope(cfg).reads
    assert reads["y"] == {"x", "given"}
    assert reads["z"] == {"x", "given", "y"}
    assert reads["d"] == {"x", "given", "y", "z"}
    assert reads["branch"] == {"x"}
    assert reads["total"] >= {"z", "y"}
    assert reads["l"] >= {"y"}
    assert reads["lone"] == set()


def test_reads_of_a_long_chain(tmp_path):
    """Each entry computed from the one before: no more work than there are answers."""
    text = "def cfg():\n    k0 = 1\n" + "".join(f"    k{n + 1} = k{n} + 1\n" for n in range(300))
    (tmp_path / "chain.py").write_text(text)
    names = {}
    exec(compile(text, str(tmp_path / "chain.py"), "exec"), names)
    scope = ConfigScope(names["cfg"])
    reads = scope.reads
    assert reads["k300"] == {f"k{n}" for n in range(300)}
    assert scope()["k300"] == 301


def test_attributes():
    def cfg(a, *, b):
        """Text.

        More.
        """
        c = 1

    scope = ConfigScope(cfg)
    assert scope.args == ["a", "b"]
    assert scope.__name__ == "cfg"
    assert scope.__doc__ == cfg.__doc__
    assert scope.file == __file__
    assert scope({}, {"a": 1, "b": 2})["__doc__"] == "Text.\n\nMore.\n"


def test_globals_are_a_copy(make):
    scope = make("global LEVEL\nLEVEL = 5\na = LEVEL", LEVEL=1)
    assert scope() == {"a": 5}
    assert scope.func.__globals__["LEVEL"] == 1


def test_errors_pass(make):
    with pytest.raises(RuntimeError, match="mine"):
        make("a = 1\nraise RuntimeError('mine')")()
