"""``python -m hallow.as_sacred`` runs a program as Python runs it, with Sacred's names."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile

import pytest

FACTS = '''
"""What the program is for."""
import json
import sys

def facts():
    own = vars(sys.modules["__main__"])
    spec = own["__spec__"]
    return {
        "same": own is globals(),
        "plain": {name: own.get(name, "none") for name in (
            "__name__", "__file__", "__package__", "__doc__", "__cached__", "marker")},
        "spec": spec and [spec.name, spec.origin, spec.parent, type(spec.loader).__name__],
        "loader": type(own["__loader__"]).__name__,
        "builtins": own["__builtins__"].__name__,
        "names": sorted(name for name in own if name.startswith("__")),
        "code": facts.__code__.co_filename,
        "argv": sys.argv,
        "path": [entry for entry in sys.path if not entry.endswith("importable")],
    }

marker = 1
print(json.dumps(facts()))
'''


@pytest.fixture
def place(tmp_path):
    """A folder with programs of every kind."""
    files = {
        "facts.py": FACTS,
        "deep/facts.py": FACTS,
        "package/__init__.py": "",
        "package/__main__.py": FACTS,
        "package/module.py": FACTS,
        "package/inner/__init__.py": "",
        "package/needs.py": "import nothing_of_that_name\n",
        "broken/__init__.py": "import nothing_of_that_name\n",
        "broken/module.py": "print('never')\n",
        "wrong.py": "x = = 1\n",
        "run.py": "import sys\nexec(sys.argv[1])\n",
        "raises.py": """
            def inner():
                raise ValueError("boom")

            def outer():
                try:
                    inner()
                except ValueError as error:
                    raise KeyError("key") from error

            outer()
            """,
    }
    for name, text in files.items():
        path = tmp_path / "place" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    (tmp_path / "place" / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "place" / "program.zip", "w") as archive:
        archive.writestr("__main__.py", FACTS)
    return tmp_path / "place"


def python(*arguments, at, input="", env=None, flags=()):
    done = subprocess.run(
        [sys.executable, *flags, *arguments],
        cwd=at,
        input=input,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    return done.returncode, done.stdout, done.stderr


def ours(*arguments, **where):
    return python("-m", "hallow.as_sacred", *arguments, **where)


# -------------------------------------------------------------------------------------------- as Python does it


@pytest.mark.parametrize(
    "words",
    [
        "facts.py",
        "facts.py with a=1 -x --help",
        "./facts.py",
        "deep/facts.py -m",
        "-m package.module with a=1",
        "-m package --help",
        "package a",
        "program.zip a b",
    ],
)
def test_the_program_finds_itself_as_python_leaves_it(place, words):
    code, out, err = ours(*words.split(), at=place)
    assert (code, out, err) == python(*words.split(), at=place)
    found = json.loads(out)
    assert found["same"]
    assert found["plain"]["__name__"] == "__main__"


def test_an_absolute_path_and_a_place_elsewhere(place, tmp_path):
    for path in (place / "facts.py", place / "package", place / "program.zip"):
        assert ours(str(path), at=tmp_path) == python(str(path), at=tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        "missing.py",
        "empty",
        "-m missing",
        "-m missing.module",
        "-m package.missing",
        "-m package.inner",
        "-m package.module.x",
        "-m .package",
        "-m sys",
        "wrong.py",
        "raises.py",
    ],
)
def test_what_cannot_be_run_is_told_as_python_tells_it(place, words):
    code, _, err = ours(*words.split(), at=place)
    wanted = python(*words.split(), at=place)
    assert code == wanted[0] != 0
    assert err == wanted[2]
    assert "hallow" not in err


@pytest.mark.parametrize(
    "statement",
    [
        "sys.exit()",
        "sys.exit(3)",
        "sys.exit('a text')",
        "sys.exit(True)",
        "import os; os._exit(7)",
        "raise ValueError('boom')",
        "assert 0",
        "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
        "sys.excepthook = lambda kind, error, trace: print(kind, trace.tb_frame.f_code.co_filename); 1 / 0",
        "import atexit; atexit.register(print, 'the end'); 1 / 0",
        "print(input())",
        "raise type('Own', (BaseException,), {})()",
    ],
)
def test_the_end_is_that_of_python(place, statement):
    assert ours("run.py", statement, at=place, input="word\n") == python("run.py", statement, at=place, input="word\n")


@pytest.mark.parametrize("words", ["-m package.needs", "-m broken.module", "-m broken"])
def test_a_missing_module_inside_the_program_is_not_taken_for_the_program(place, words):
    """The frames of Python's own machinery for ``-m`` are left out; the rest is the same."""
    code, _, err = ours(*words.split(), at=place)
    wanted = python(*words.split(), at=place)[2]
    assert code == 1
    assert err == re.sub(r'  File "[^"]*runpy[^"]*", line .*\n(    .*\n)*', "", wanted)
    assert "nothing_of_that_name" in err


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_an_interrupted_program_ends_by_the_signal(place):
    for run in (python, ours):
        code, _, err = run("run.py", "raise KeyboardInterrupt", at=place)
        assert code == -signal.SIGINT
        assert "hallow" not in err
        assert err.endswith("KeyboardInterrupt\n")


def test_a_program_run_with_safe_path(place):
    if sys.version_info < (3, 11):
        pytest.skip("an option of Python 3.11")
    for words in (["facts.py"], ["package"], ["program.zip"]):
        plain, own = (run(*words, at=place, env={"PYTHONSAFEPATH": "1"}) for run in (python, ours))
        assert own == plain


# ----------------------------------------------------------------------------------------------- our own words


def test_no_program_and_help(place):
    for words, said in (
        ([], "no program to run"),
        (["-m"], "name of a module"),
        (["-x", "facts.py"], "no option -x"),
    ):
        code, out, err = ours(*words, at=place)
        assert (code, out) == (2, "")
        assert said in err.splitlines()[0]
        assert "python -m hallow.as_sacred SCRIPT" in err
    for words in (["-h"], ["--help"]):
        code, out, err = ours(*words, at=place)
        assert (code, err) == (0, "")
        assert "python -m hallow.as_sacred -m MODULE" in out


SCRIPT = """
from sacred import Experiment
from sacred.observers import FileStorageObserver

ex = Experiment()
ex.observers.append(FileStorageObserver("runs"))


@ex.config
def cfg():
    a = 1


@ex.named_config
def large():
    a = 100


@ex.command
def fail(a):
    raise ValueError(f"a is {a}")


@ex.automain
def main(a):
    print("a is", a)
    return a
"""


@pytest.fixture
def experiment(place):
    (place / "train.py").write_text(SCRIPT)
    (place / "package" / "train.py").write_text(SCRIPT)
    return place


@pytest.mark.parametrize("words", ["train.py", "-m package.train"])
def test_an_experiment(experiment, words):
    code, out, err = ours(*words.split(), "with", "large", "seed=1", at=experiment)
    assert (code, out) == (0, "a is 100\n")
    assert "INFO - train - Result: 100" in err
    record = json.loads((experiment / "runs/1/run.json").read_text())
    assert record["status"] == "COMPLETED"
    assert record["experiment"]["name"] == "train"
    assert record["experiment"]["mainfile"].endswith("train.py")
    assert [source[0] for source in record["experiment"]["sources"]] == [record["experiment"]["mainfile"]]
    assert record["meta"]["named_configs"] == ["large"]
    assert json.loads((experiment / "runs/1/config.json").read_text()) == {"a": 100, "seed": 1}


def test_errors_of_the_experiment_end_with_sacreds_exit_code(experiment):
    code, out, err = ours("train.py", "fail", at=experiment)
    assert code == 1
    assert "Traceback (most recent calls WITHOUT" in err
    assert err.endswith("ValueError: a is 1\n")
    assert "as_sacred" not in err
    code, _, err = ours("train.py", "with", "b=3", at=experiment)
    assert code == 1
    assert "Added new config entry that is not used anywhere" in err
    code, out, err = ours("train.py", "--help", at=experiment)
    assert code == 0
    assert "train.py" in out


@pytest.mark.parametrize("flag", ["-D", "--pdb"])
def test_the_debugger_stands_where_the_program_failed(experiment, flag):
    _, out, _ = ours("train.py", flag, "fail", "with", "a=41", at=experiment, input="p a + 1\nw\nq\n")
    assert "(Pdb) 42" in out
    assert "train.py" in out


def test_the_entry_point(experiment):
    """What the console script calls."""
    call = "from hallow.as_sacred.__main__ import main; main()"
    assert python("-c", call, "train.py", "with", "a=5", at=experiment)[:2] == (0, "a is 5\n")
    assert python("-c", call, "-m", "package.train", at=experiment)[:2] == (0, "a is 1\n")
    assert python("-c", call, "raises.py", at=experiment) == python("raises.py", at=experiment)


# ------------------------------------------------------------------------------------------- further processes


FURTHER = """
import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import sacred
from sacred import Experiment

ex = Experiment("further")


@dataclass
class Point:
    x: int


@ex.config
def cfg():
    shift = 10


@ex.capture
def moved(point, shift):
    return Point(point.x + shift)


def work(job):
    import sacred.utils

    point, function = job
    return function(point), sacred.SETTINGS.CONFIG.READ_ONLY_CONFIG, sacred.__file__ == FILE, type(point).__module__


FILE = sacred.__file__


@ex.main
def main():
    assert pickle.loads(pickle.dumps(Point(3))) == Point(3)
    for method in sys.argv[1].split(","):
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            for point, read_only, same, module in pool.map(work, [(Point(1), moved), (Point(2), moved)]):
                print(method, point.x, read_only, same, module in ("__main__", "__mp_main__"))


if __name__ == "__main__":
    ex.run()
"""


@pytest.mark.skipif(os.name == "nt", reason="fork")
@pytest.mark.parametrize("words", ["further.py", "-m package.further"])
def test_child_processes_of_every_kind(place, words):
    """Also where the real Sacred is installed: the children must not find that one."""
    (place / "further.py").write_text(FURTHER)
    (place / "package/further.py").write_text(FURTHER)
    code, out, err = ours(
        *words.split(), "spawn,forkserver,fork", at=place, env={"PYTHONPATH": str(real_sacred(place))}
    )
    assert code == 0, err
    assert out.splitlines() == [
        f"{method} {x} True True True" for method in ("spawn", "forkserver", "fork") for x in (11, 12)
    ]


def test_a_script_that_activates_the_names_itself(place):
    (place / "further.py").write_text("import hallow.as_sacred\n" + FURTHER)
    code, out, err = python("further.py", "spawn", at=place, env={"PYTHONPATH": str(real_sacred(place))})
    assert code == 0, err
    assert out.splitlines() == [f"spawn {x} True True True" for x in (11, 12)]


# ---------------------------------------------------------------------------------------- beside the real Sacred


def real_sacred(place):
    """A folder with a package that bears the name."""
    package = place / "site" / "sacred"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise_me = 'the real one'\n")
    return place / "site"


def test_the_real_one_is_not_found_behind_ours(place):
    where = {"PYTHONPATH": str(real_sacred(place))}
    assert python("run.py", "import sacred; print(sacred.raise_me)", at=place, env=where)[1] == "the real one\n"
    code, out, _ = ours("run.py", "import sacred; print(hasattr(sacred, 'raise_me'))", at=place, env=where)
    assert (code, out) == (0, "False\n")


def test_the_real_one_must_not_be_there_already(place):
    where = {"PYTHONPATH": str(real_sacred(place))}
    code, _, err = python("run.py", "import sacred, hallow.as_sacred", at=place, env=where)
    assert code == 1
    assert "AliasError" in err
    assert "Sacred itself is imported already" in err
    assert str(place / "site" / "sacred" / "__init__.py") in err
    assert "python -m hallow.as_sacred" in err


def test_activating_again_changes_nothing(place):
    statement = (
        "import hallow.as_sacred, sacred; sacred.SETTINGS.CAPTURE_MODE = 'no'; hallow.as_sacred.activate(); "
        "print(sacred.SETTINGS.CAPTURE_MODE, sum(f is hallow.as_sacred._Finder for f in sys.meta_path))"
    )
    assert python("run.py", statement, at=place)[:2] == (0, "no 1\n")


def test_the_installed_version(place):
    statement = (
        "import importlib.metadata as m; d = m.distribution('sacred'); "
        "print(m.version('sacred'), d.metadata['Name'], d.files, m.version('hallow') != m.version('sacred'))"
    )
    assert ours("run.py", statement, at=place)[:2] == (0, "0.8.7 sacred None True\n")


# ----------------------------------------------------------------------------------------------------------- pytest


def test_the_plug_in(place):
    """Tests of a project that was written for Sacred, which is installed as well."""
    where = {"PYTHONPATH": str(real_sacred(place))}
    (place / "test_project.py").write_text(
        textwrap.dedent(
            """
            from sacred import Experiment, SETTINGS
            from sacred.utils import SacredError

            import pytest

            ex = Experiment("tested")

            @ex.main
            def main(_config):
                _config["x"] = 1

            def test_run():
                with pytest.raises(SacredError, match="read-only"):
                    ex.run()

            def test_settings():
                assert SETTINGS.RANDOM.STREAMS == "by_position"

            def test_children():
                import multiprocessing

                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    assert pool.apply(work) == "by_position"

            def work():
                return SETTINGS.RANDOM.STREAMS
            """
        )
    )
    code, out, err = python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "hallow.as_sacred", "test_project.py", at=place, env=where
    )
    assert code == 0, out + err
    assert "3 passed" in out
