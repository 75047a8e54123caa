"""Command lines of experiments whose class has a ``run`` of its own."""

from __future__ import annotations


import pytest


SUBCLASS = """
    import sys

    from hallow import Experiment
    from hallow.errors import ConfigError

    class Asks(Experiment):
        def run(
            self, command_name=None, config_updates=None, named_configs=(), info=None, meta_info=None, options=None
        ):
            return super().run(
                command_name=command_name, config_updates=config_updates, named_configs=named_configs, info=info,
                meta_info=meta_info, options=options,
            )

    class Changes(Experiment):
        def run(self, command_name=None, config_updates=None, *args, **kwargs):
            return super().run(command_name, {**config_updates, "more": 1}, *args, **kwargs)

    ex = globals()[sys.argv.pop(1)]("demo", save_git_info=False)
    ex.add_config(a=1, more=0, fails=False)

    @ex.main
    def main(a, fails, _run):
        if fails:
            raise ConfigError("of the run itself")
        origins = _run.config_modifications.origins
        print(_run.args, origins["a"].kind, sorted(_run.meta_info["config_updates"]))
        if a > 1:
            inner = ex.run(config_updates={"a": 1})

    if __name__ == "__main__":
        ex.run_commandline()
        print(ex.run(config_updates={"a": 0}).args)
"""


@pytest.mark.parametrize("kind", ["Experiment", "Asks"])
def test_a_subclass_with_its_own_run_is_told_everything(run_script, kind):
    """The words after ``--`` and where updates come from belong to the run of the command line, and to no other."""
    done = run_script(SUBCLASS, kind, "with", "a=2", "--", "x", "--y")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "['x', '--y'] command line ['a']",
        "[] update ['a']",
        "[] update ['a']",
        "[]",
    ]


def test_a_subclass_that_changes_the_updates(run_script):
    """What it made is not from the command line; the words after ``--`` are."""
    done = run_script(SUBCLASS, "Changes", "with", "a=0", "--", "x")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "['x'] update ['a', 'more']"


@pytest.mark.parametrize("kind", ["Experiment", "Asks"])
@pytest.mark.parametrize(("words", "code"), [(["with", "fails=True"], 1), (["with", "unknown=1"], 2)])
def test_exit_codes_of_a_subclass_with_its_own_run(run_script, kind, words, code):
    """Only what is found before the run starts is a mistake in the command line."""
    assert run_script(SUBCLASS, kind, *words).code == code
