"""The command line of a script, tried as a user does: in a process of its own."""

from __future__ import annotations

import json
import os
import sys

import pytest

from experiment_running import SCRIPT, lines
from hallow import Experiment
from hallow.errors import CommandNotFoundError, NameInUseError


def test_main_runs(run_script):
    done = run_script(SCRIPT, "with", "lr=5", "layers=[3, 4]")
    assert done.code == 0
    assert "main 5 [3, 4] True {} []" in done.out
    assert lines(done.err) == [
        "WARNING - demo - No observers have been added to this run",
        "INFO - demo - Running command 'main'",
        "INFO - demo - Started",
        "INFO - demo - Result: 5",
        "INFO - demo - Completed after 0:00:00",
    ]


def test_commands_named_configs_and_ingredients(run_script):
    assert "Hello Bob?" in run_script(SCRIPT, "greet", "with", "name=Bob", "punctuation=?").out
    done = run_script(SCRIPT, "dataset.stats", "with", "dataset.small")
    assert "stats of small.npy 12" in done.out
    assert "Running command 'dataset.stats'" in done.err
    assert "main 1.0" in run_script(SCRIPT, "with", "quick").out


def test_options_anywhere(run_script):
    done = run_script(SCRIPT, "-l", "error", "with", "--attempts=3", "lr=2", "-u")
    assert "main 2 [1, 2] True {'attempts': 3} []" in done.out
    assert done.err == ""


def test_own_flags(run_script):
    done = run_script(SCRIPT, "with", "lr=1", "--foo", "3")
    assert done.code == 2
    assert "--foo" in done.err
    done = run_script(SCRIPT, "with", "lr=1", "--", "--foo", "3")
    assert "{} ['--foo', '3']" in done.out


def test_typed_words(run_script):
    assert "False" in run_script(SCRIPT, "with", "flag=false").out
    assert "main 1e-05 [3, 4]" in run_script(SCRIPT, "with", "lr=1e-5", "layers=3,4").out
    assert "main nan" in run_script(SCRIPT, "with", "lr=nan").out
    assert "[1, 9]" in run_script(SCRIPT, "with", "layers[1]=9").out
    assert "[9, 2]" in run_script(SCRIPT, "with", "layers.0=9").out
    assert "[1, 2, 7]" in run_script(SCRIPT, "with", "layers+=[7]").out
    done = run_script(SCRIPT, "with", "lr=abc")
    assert done.code == 2
    assert "lr" in done.err
    assert "float" in done.err


def test_list_index_out_of_range(run_script):
    done = run_script(SCRIPT, "with", "layers.5=9")
    assert done.code == 2
    assert "layers" in done.err


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["nope"], ['"nope"', "Available commands"]),
        (["gret"], ['Did you mean "greet"?']),
        (["dataset.nope"], ['"nope" not found in ingredient "dataset"']),
        (["with", "zz=3"], ["not used anywhere", "zz=3"]),
        (["with", "quik"], ['"quik"', 'Did you mean "quick"?']),
        (["with", "missing.json"], ['no config file "missing.json"']),
        (["with", "dataset.filenam=x"], ['Did you mean "dataset.filename"']),
        (["with"], ["with"]),
        (["--beat_intervall", "3"], ["--beat_intervall", "--beat-interval"]),
        (["-l", "loud"], ["loud"]),
        (["-b", "often"], ["often"]),
        (["-C", "everything"], ["everything", "fd"]),
        (["-P", "high"], ["high"]),
        (["with", "=5"], ["=5"]),
        (["with", "lr=1", "lr.b=2"], ["lr.b"]),
        (["needs"], ["needs is missing value(s): ['nothing_gives_this']"]),
        (["help", "nope"], ["nope"]),
    ],
)
def test_error_messages_of_the_command_line(run_script, words, texts):
    """A mistake gives a short message on stderr, exit code 2, and nothing is stored."""
    done = run_script(SCRIPT, *words, "-F", "runs")
    assert done.code == 2, done.err
    for text in texts:
        assert text in done.err
    assert "Traceback" not in done.err
    assert "HOOK" not in done.out
    assert not (done.folder / "runs").exists()


def test_sacred_exit_codes_and_streams(run_script):
    script = SCRIPT.replace(
        "from hallow import Experiment",
        "from hallow import SETTINGS; SETTINGS.use_profile('sacred')\n    from hallow import Experiment",
    )
    done = run_script(script, "nope")
    assert done.code == 1
    assert "nope" in done.out
    assert run_script(script, "with", "zz=3").code == 1


def test_failure(run_script):
    done = run_script(SCRIPT, "fails")
    assert done.code == 1
    assert "Failed after 0:00:00!" in done.err
    assert "Traceback (most recent calls WITHOUT hallow internals):" in done.err
    assert "ValueError: on purpose" in done.err
    assert "src/hallow" not in done.err
    full = run_script(SCRIPT, "fails", "-d")
    assert full.code == 1
    assert "Traceback (most recent call last)" in full.err


HELP = """Usage:
  exp.py [(with UPDATE...)] [options]
  exp.py help [COMMAND]
  exp.py (-h | --help)
  exp.py COMMAND [(with UPDATE...)] [options]

What this script is for.

Options:
"""


def test_help(run_script):
    for words in (["help"], ["-h"], ["--help"]):
        done = run_script(SCRIPT, *words)
        assert done.code == 0
        assert done.err == ""
        assert done.out.startswith(HELP)
        assert "  -a VALUE --attempts=VALUE " in done.out
        assert "  dataset.stats        Show statistics." in done.out
        assert "  greet                Say hello." in done.out


def test_L16_help_of_a_command(run_script):
    for words in (["help", "greet"], ["greet", "--help"]):
        done = run_script(SCRIPT, *words)
        assert done.code == 0
        assert done.out.startswith("greet(name, punctuation='!')\n    Say hello.")


def test_L16_reserved_names():
    ex = Experiment("exp", interactive=True)

    def help():
        pass

    with pytest.raises(NameInUseError, match="help"):
        ex.command(help)


def test_L25_docstrings_are_never_parsed(run_script):
    script = SCRIPT.replace(
        "What this script is for.", "Usage: me\n      -z ZED  phantom [default: 5]\n    Usage: again"
    )
    done = run_script(script, "greet")
    assert done.code == 0
    assert run_script(script, "greet", "-z", "3").code == 2


def test_L17_hooks_are_skipped_for_builtin_commands(run_script):
    assert "HOOK" in run_script(SCRIPT).out
    for command in ("print_config", "print_named_configs", "print_dependencies"):
        assert "HOOK" not in run_script(SCRIPT, command).out


def test_print_config(run_script):
    done = run_script(SCRIPT, "print_config", "with", "lr=2.5", "seed=3", "-l", "ERROR")
    assert done.err == ""
    assert done.out == (
        "Configuration (modified, added, typechanged, doc):\n"
        '  """Settings of the demo."""\n'
        "  flag = True\n"
        "  layers = [1, 2]\n"
        "  lr = 2.5                           # the step\n"
        "  name = 'world'\n"
        "  seed = 3                           # the random seed for this experiment\n"
        "  dataset:\n"
        "    filename = 'foo.npy'             # where the data is\n"
    )


def test_L18_colours_only_where_they_are_seen(run_script):
    assert "\033[" not in run_script(SCRIPT, "print_config", "with", "lr=2").out
    coloured = run_script(SCRIPT, "print_config", "with", "lr=2.5", env={"FORCE_COLOR": "1"}).out
    assert "(\033[34mmodified\033[0m, \033[32madded\033[0m, \033[31mtypechanged\033[0m, \033[2mdoc\033[0m)" in coloured
    assert "\033[34m  lr = 2.5\033[0m" in coloured
    assert "\033[" not in run_script(SCRIPT, "print_config", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_L19_long_values_and_mixed_keys(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("demo")
        ex.add_config(long=list(range(60)), mixed={1: "a", "b": 2, None: 3})
        @ex.automain
        def main():
            pass
        """,
        "print_config",
    )
    assert done.code == 0
    wrapped = done.out[done.out.index("long =") :].splitlines()
    assert wrapped[1].startswith("          ")
    assert max(map(len, wrapped)) <= 100
    assert "None = 3" in done.out


def test_print_named_configs(run_script):
    out = run_script(SCRIPT, "print_named_configs").out
    assert out == "Named Configurations (doc):\n  quick\n  dataset.small   # A small one.\n"


def test_print_dependencies(run_script):
    out = run_script(SCRIPT, "print_dependencies").out
    assert out.startswith("Dependencies:\n")
    assert "\nSources:\n  exp.py                                       " in out


def test_save_config_round_trip(run_script):
    done = run_script(SCRIPT, "save_config", "with", "lr=7", "seed=1", "config_filename=saved.json")
    assert done.code == 0, done.err
    saved = json.loads((done.folder / "saved.json").read_text())
    assert saved["lr"] == 7
    assert "config_filename" not in saved
    assert "main 7 [1, 2] True" in run_script(SCRIPT, "with", "saved.json").out


def test_print_config_option(run_script):
    done = run_script(SCRIPT, "-p", "with", "lr=2")
    assert "Configuration (modified" in done.out
    assert "-" * 79 in done.out
    assert done.out.index("-" * 79) < done.out.index("main 2")


def test_print_config_touches_store(run_script):
    script = SCRIPT.replace(
        'ex = Experiment("demo"', 'import hallow.observers as o\n    ex = Experiment("demo"'
    ).replace("@ex.config\n", 'ex.observers.append(o.FileStorageObserver("runs"))\n\n    @ex.config\n', 1)
    for words in (
        ["print_config"],
        ["print_dependencies"],
        ["print_named_configs"],
        ["help"],
        ["with", "zz=1"],
        ["nope"],
    ):
        done = run_script(script, *words)
        assert not (done.folder / "runs").exists(), words
    done = run_script(script)
    assert (done.folder / "runs" / "1" / "run.json").exists()


def test_L8_words_that_the_shell_split(run_script):
    assert "main 0.1 [3, 4]" in run_script(SCRIPT, "with", "layers=[3,", "4]").out


@pytest.mark.parametrize("code", [0, 3])
def test_L23_exit_in_main(run_script, code):
    script = f"""
        import sys
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
        ex = Experiment("demo")
        ex.observers.append(FileStorageObserver("runs"))
        @ex.automain
        def main():
            print("LAST WORDS")
            sys.exit({code})
    """
    done = run_script(script)
    assert done.code == code
    record = json.loads((done.folder / "runs/1/run.json").read_text())
    assert record["status"] == ("COMPLETED" if code == 0 else "FAILED")
    assert "LAST WORDS" in (done.folder / "runs/1/cout.txt").read_text()


def test_L22_ctrl_c(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.automain
        def main():
            raise KeyboardInterrupt
        """
    )
    assert done.code == 130
    assert done.err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in done.err
    assert "Aborted after" in done.err


def test_L24_pdb_exits_with_one(run_script):
    done = run_script(SCRIPT, "fails", "-D")
    assert done.code == 1
    assert "ValueError: on purpose" in done.err
    assert "(Pdb)" in done.out
    done = run_script(SCRIPT, "with", "zz=1", "-D")
    assert done.code != 0
    assert "(Pdb)" in done.out


def test_L29_help_collects_nothing(run_script):
    done = run_script(
        """
        import sys
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main():
            pass
        try:
            ex.run_commandline("exp.py -h")
        finally:
            print(sorted({"git", "numpy", "jsonpickle", "hallow.provenance.packages", "hallow.backends.file.observer"} & set(sys.modules)))
        """
    )
    assert done.out.splitlines()[-1] == "[]"


def test_automain_order(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.automain
        def main():
            return helper()

        def helper():
            return 1
        """
    )
    assert done.code == 1
    assert "automain must be the last definition" in done.err
    assert "line 8" in done.err


def test_several_experiments_in_one_process(run_script):
    done = run_script(
        """
        from hallow import Experiment
        one, two = Experiment("one"), Experiment("two")
        one.add_config(a=1)
        two.add_config(a=2)
        @one.main
        def main_one(a):
            return a, two.run(options={"-l": "ERROR"}).result, a
        @two.main
        def main_two(a):
            return a
        print(one.run_commandline("one with a=5 -l ERROR").result)
        print(two.run_commandline(["two", "with", "a=7", "-l", "ERROR"]).result)
        """
    )
    assert done.out.splitlines() == ["(5, 2, 5)", "7"]


def test_unknown_command_in_python():
    ex = Experiment("exp", interactive=True)
    with pytest.raises(KeyError, match='Command "nope" not found'):
        ex.run("nope")
    with pytest.raises(CommandNotFoundError, match='Ingredient for command "a.b" not found'):
        ex.run("a.b")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of the POSIX kind")
def test_debugger(tmp_path):
    """`python -m pdb` stops at the user's frame, and breakpoint() inside main accepts input."""
    import pexpect

    script = tmp_path / "exp.py"
    script.write_text(
        "from hallow import Experiment\n"
        "from hallow.observers import FileStorageObserver\n"
        "ex = Experiment('demo')\n"
        "ex.observers.append(FileStorageObserver('runs'))\n"
        "@ex.automain\n"
        "def main():\n"
        "    secret = 41 + 1\n"
        "    BODY\n"
    )
    template = script.read_text()
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "dumb", "NO_COLOR": "1", "PYTHON_COLORS": "0"}
    script.write_text(template.replace("BODY", "breakpoint()"))
    child = pexpect.spawn(sys.executable, ["exp.py"], cwd=str(tmp_path), env=env, timeout=20, encoding="utf-8")
    child.expect(r"\(Pdb\)")
    child.sendline("p secret")
    child.expect("42")
    child.sendline("c")
    child.expect(pexpect.EOF)
    child.close()
    script.write_text(template.replace("BODY", "raise ValueError('boom')"))
    child = pexpect.spawn(
        sys.executable,
        ["-m", "pdb", "-c", "c", "exp.py"],
        cwd=str(tmp_path),
        env=env,
        timeout=20,
        encoding="utf-8",
    )
    child.expect("boom")
    child.expect(r"\(Pdb\)")
    child.sendline("p secret")
    child.expect("42")
    child.close(force=True)
