"""What values become on their way from the command line, or from Python, through a run into its record."""

from __future__ import annotations

import enum
import json
import subprocess
from pathlib import Path

import pytest

from hallow import SETTINGS, Experiment
from hallow.cli.grammar import get_config_updates
from hallow.errors import ConfigTypeError, StoreError, UpdateError


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


DEFAULTS = {
    "flag": True,
    "count": 3,
    "rate": 0.5,
    "nothing": None,
    "name": "text",
    "items": [1, 2],
    "pair": (1, 2),
    "table": {"k": 1},
    "path": Path("a"),
    "colour": Colour.RED,
}
REFUSED = object()
SPELLINGS = [
    ("flag=true", True),
    ("flag=false", False),
    ("flag=False", False),
    ("flag=off", False),
    ("flag=maybe", REFUSED),
    ("count=5", 5),
    ("count=-5", -5),
    ("count=1_000", 1000),
    ("count=0x10", 16),
    ("count=5.5", 5.5),
    ("count=abc", REFUSED),
    ("count=inf", float("inf")),
    ('count="abc"', "abc"),
    ("rate=1e-5", 1e-5),
    ("rate=.5", 0.5),
    ("rate=3", 3),
    ("rate=inf", float("inf")),
    ("rate=-inf", float("-inf")),
    ("rate=fast", REFUSED),
    ("nothing=null", None),
    ("nothing=None", None),
    ("nothing=none", None),
    ("nothing=true", True),
    ("nothing=word", "word"),
    ("nothing=5", 5),
    ("name=true", "true"),
    ("name=null", "null"),
    ("name=two words", "two words"),
    ("name='5'", "5"),
    ("name=a=b", "a=b"),
    ("name=/a/b.c", "/a/b.c"),
    ("name=", ""),
    ("items=3,4", [3, 4]),
    ("items=[3, 4]", [3, 4]),
    ("items=[a, b]", ["a", "b"]),
    ("items=a,b", ["a", "b"]),
    ("items=word", REFUSED),
    ("items[0]=9", [9, 2]),
    ("items.-1=9", [1, 9]),
    ("items+=[3]", [1, 2, 3]),
    ("pair=(3, 4)", (3, 4)),
    ("pair.0=9", (9, 2)),
    ("table.k=5", {"k": 5}),
    ("table={k: 5}", {"k": 5}),
    ("table=word", REFUSED),
    ("path=x/y", Path("x/y")),
    ("colour=BLUE", Colour.BLUE),
    ("colour=b", Colour.BLUE),
    ("colour=GREEN", REFUSED),
]


def resolved(word, defaults=DEFAULTS):
    ex = Experiment("values", interactive=True)
    ex.add_config(defaults)
    ex.main(lambda: None)
    updates, _ = get_config_updates([word])
    return ex.run("<lambda>", config_updates=updates, loglevel="CRITICAL").config


@pytest.mark.parametrize(("word", "expected"), SPELLINGS)
def test_cli_values(word, expected):
    name = word.partition("=")[0].rstrip("+").partition(".")[0].partition("[")[0]
    if expected is REFUSED:
        with pytest.raises(ConfigTypeError, match=name):
            resolved(word)
    else:
        value = resolved(word)[name]
        assert value == expected
        assert type(value) is type(expected)


def test_cli_values_nan():
    assert resolved("rate=nan")["rate"] != resolved("rate=nan")["rate"]


def test_L4_bare_words_in_sacreds_profile(sacred_profile):
    assert resolved("flag=false", {"flag": True})["flag"] == "false"


def test_L4_strict_parsing():
    SETTINGS.COMMAND_LINE.STRICT_PARSING = True
    with pytest.raises(UpdateError, match="name=word"):
        resolved("name=word")


def test_L13_a_store_that_is_not_there_is_named():
    ex = Experiment("values", interactive=True)
    ex.main(lambda: None)
    with pytest.raises(StoreError, match=r"localhost:1/db\S* cannot be reached"):
        ex.run("<lambda>", options={"-m": "mongodb://localhost:1/db?serverSelectionTimeoutMS=100"})


def test_L20_one_entry_for_a_repository_without_credentials(run_script, tmp_path):
    script = """
        import helper
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main(_run):
            return _run.experiment_info["repositories"]
        found = ex.run(unobserved=True).result
        assert len(found) == 1, found
        assert found[0]["url"] == "https://example.org/x.git", found
        assert found[0]["dirty"] is False
    """
    (tmp_path / "helper.py").write_text("x = 1\n")
    (tmp_path / "exp.py").write_text("")
    for words in (
        ["init", "-q"],
        ["config", "user.email", "a@example.org"],
        ["config", "user.name", "a"],
        ["remote", "add", "origin", "https://user:secret@example.org/x.git"],
        ["add", "helper.py"],
        ["commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    done = run_script(script)
    assert done.code == 0, done.err


def test_L21_the_full_name_of_a_command_everywhere(run_script):
    done = run_script(
        """
        from hallow import Experiment, Ingredient
        data = Ingredient("dataset")
        @data.command(prefix="deep")
        def stats(x=1):
            return x
        ex = Experiment("demo", ingredients=[data])
        ex.run_commandline()
        """,
        "dataset.stats",
        "-F",
        "runs",
    )
    assert done.code == 0, done.err
    assert "Running command 'dataset.deep.stats'" in done.err
    record = json.loads((done.folder / "runs/1/run.json").read_text())
    assert record["command"] == "dataset.deep.stats"
    assert record["meta"]["command"] == "dataset.stats"


def test_C24_arrays_are_injected_as_they_are_and_stored_readably(tmp_path):
    numpy = pytest.importorskip("numpy")
    ex = Experiment("arrays", interactive=True)
    ex.add_config(a=numpy.arange(6, dtype="int16").reshape(2, 3))

    @ex.main
    def main(a):
        return type(a), a.dtype.name, a.sum()

    run = ex.run(loglevel="ERROR", file_storage=str(tmp_path))
    assert run.result == (numpy.ndarray, "int16", 15)
    stored = json.loads((tmp_path / "1" / "config.json").read_text())["a"]
    assert stored["values"] == [[0, 1, 2], [3, 4, 5]]
    assert stored["dtype"] == "int16"
    assert json.loads((tmp_path / "1" / "run.json").read_text())["result"]["py/tuple"][2] == 15


def test_E17_everything_printed_is_stored(run_script):
    done = run_script(
        """
        import subprocess, sys
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.automain
        def main():
            for n in range(2000):
                print("line", n)
            print("err", file=sys.stderr)
            sys.stdout.flush()  # as without any capture: a child writes between two flushes of its parent
            subprocess.run([sys.executable, "-c", "print('child')"])
            print("LAST", end="")
        """,
        "-F",
        "runs",
    )
    text = (done.folder / "runs/1/cout.txt").read_text()
    assert [line for line in text.splitlines() if line.startswith("line")] == [f"line {n}" for n in range(2000)]
    assert "child\n" in text
    assert "LAST" in text
    assert done.out.count("\n") == 2001
