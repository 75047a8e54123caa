"""Options: declaring, parsing, applying, help texts."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest

from hallow.cli.builtin import BUILT_IN
from hallow.cli.options import (
    CLIOption,
    CommandLineOption,
    apply_options,
    check_clashes,
    cli_option,
    default_options,
    gather_command_line_options,
    log_level,
    normalise_options,
)
from hallow.cli.parse import parse_command_line
from hallow.cli.usage import format_usage, help_for_command, printable_usage, short_usage
from hallow.errors import DirtyRepositoryError, OptionError, UsageError
from hallow.settings import SETTINGS
from hallow.utils import closest


def parse(line: str, options=BUILT_IN, program="exp.py"):
    return parse_command_line(["ignored", *line.split()], options, program)


def given(parsed):
    return {flag: value for flag, value in parsed.options.items() if value}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", {}),
        ("-l 10", {"--loglevel": "10"}),
        ("-l10", {"--loglevel": "10"}),
        ("--loglevel 10", {"--loglevel": "10"}),
        ("--loglevel=10", {"--loglevel": "10"}),
        ("--logl 10", {"--loglevel": "10"}),
        ("-uq", {"--unobserved": True, "--queue": True}),
        ("-ul10", {"--unobserved": True, "--loglevel": "10"}),
        ("-c -foo -P 3", {"--comment": "-foo", "--priority": "3"}),
        ("-c -- -d", {"--comment": "--", "--debug": True}),
        ("--comment=a=b", {"--comment": "a=b"}),
        ("--comment=", {}),
        ("-i 7", {"--id": "7"}),
    ],
)
def test_spellings(line, values):
    assert given(parse(line)) == values


def test_options_stand_anywhere():
    parsed = parse("-d greet -l 10 with a=1 -u b=2 --force")
    assert parsed.command == "greet"
    assert parsed.updates == ["a=1", "b=2"]
    assert given(parsed) == {"--debug": True, "--loglevel": "10", "--unobserved": True, "--force": True}


def test_all_options_have_a_value():
    parsed = parse("")
    assert parsed.options == default_options(BUILT_IN)
    assert parsed.options["--debug"] is False
    assert parsed.options["--comment"] is None
    assert len(parsed.options) == len(BUILT_IN)


def test_as_args():
    args = parse("greet with a=1").as_args()
    assert args["COMMAND"] == "greet"
    assert args["UPDATE"] == ["a=1"]
    assert args["with"] is True
    assert args["help"] is False


def test_L1_two_hyphens_end_the_options():
    parsed = parse("with a=1 -- --foo 3 with")
    assert parsed.updates == ["a=1"]
    assert parsed.script_args == ["--foo", "3", "with"]
    with pytest.raises(UsageError, match="exp.py: .*at least one update"):
        parse("with -- a=1")


def test_L2_observer_options_repeat():
    assert parse("-F a").options["--file_storage"] == "a"
    assert parse("-F a -F b --file-storage=c").options["--file_storage"] == ["a", "b", "c"]
    with pytest.raises(OptionError, match=r"exp\.py: --debug is given twice"):
        parse("-d --debug")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--beat_intervall 3", ["--beat_intervall", "Did you mean --beat-interval?"]),
        ("-x", ["there is no option -x"]),
        ("-ux", ["-x", "(in -ux)"]),
        ("--p", ["--pdb or --print-config or --priority"]),
        ("-b", ["--beat-interval needs a value"]),
        ("--debug=3", ["--debug takes no value"]),
        ("with a=1 -5", ["-5"]),
    ],
)
def test_L2_messages(line, words):
    with pytest.raises(OptionError) as caught:
        parse(line)
    assert all(word in str(caught.value) for word in ["exp.py: ", *words])
    assert "dummy" not in str(caught.value).lower()


def test_only_what_looks_alike_is_proposed():
    """The dashes that all flags share make no flag the nearest one."""
    for line in ("--tags x", "--store x", "--gpus 2", "--quiet"):
        with pytest.raises(OptionError) as caught:
            parse(line)
        assert "Did you mean" not in str(caught.value)
    assert closest("--config", ["--comment", "--print-config"]) == ["--print-config"]
    assert closest("opt.tags", ["opt.gcs", "opt.Tag", "other.tags"]) == ["opt.Tag"]


def test_own_flags():
    """An unknown option is named, and words after -- are left to the script."""
    with pytest.raises(OptionError) as caught:
        parse("with a=1 --foo 3")
    assert "--foo" in str(caught.value)
    assert "after --" in str(caught.value)

    @cli_option(None, "--foo")
    def foo_option(args, run):
        """Own option."""
        run.info["foo"] = args

    parsed = parse("with a=1 --foo 3", [*BUILT_IN, foo_option])
    assert parsed.options["--foo"] == "3"
    run = SimpleNamespace(info={})
    apply_options(parsed.options, [foo_option], run)
    assert run.info == {"foo": "3"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-l foo", ["--loglevel", "'foo'", "DEBUG"]),
        ("-C bogus", ["--capture", "'bogus'", "no, sys, fd"]),
        ("-b often", ["--beat-interval", "'often'", "number"]),
        ("-P high", ["--priority", "'high'"]),
        ("-S bucket", ["--s3", "s3://bucket/folder"]),
        ("-G gs://bucket", ["--gcs", "gs://bucket/folder"]),
    ],
)
def test_L10_values_are_checked_first(line, words):
    with pytest.raises(OptionError) as caught:
        parse(line)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_L10_names_of_levels():
    assert [log_level(v) for v in ("debug", "Info", "WARNING", "30", 5, "notset")] == [10, 20, 30, 30, 5, 0]


def test_L11_gcs_is_an_option():
    assert parse("-G gs://b/f").options["--gcs"] == "gs://b/f"


@pytest.mark.parametrize("option", [o for o in BUILT_IN if len(o.long_flag) > 6], ids=repr)
def test_L12_hyphens_and_underscores(option):
    for spelling in (option.long_flag[2:].replace("_", "-"), option.long_flag[2:].replace("-", "_")):
        flag = "--" + spelling
        assert normalise_options({flag: None}, BUILT_IN)[option.long_flag] is None
        if option.is_flag:
            assert given(parse(flag)) == {option.long_flag: True}


def test_L14_options_from_code():
    values = normalise_options({"-l": 30, "--beat_interval": 3, "-d": True}, BUILT_IN)
    assert values == {**default_options(BUILT_IN), "--loglevel": 30, "--beat-interval": 3, "--debug": True}
    assert normalise_options(None, BUILT_IN) == default_options(BUILT_IN)
    assert normalise_options({"COMMAND": "x", "UPDATE": []}, BUILT_IN)["COMMAND"] == "x"
    for wrong, words in [
        ({"nope": 1}, "no option nope"),
        ({"--loglevl": 1}, "Did you mean --loglevel"),
        ({"-l": 1, "--loglevel": 2}, "same option"),
        ({"-C": "x"}, "capture mode"),
    ]:
        with pytest.raises(OptionError, match=words):
            normalise_options(wrong, BUILT_IN)


def test_L15_clashes():
    def f_option(args, run): ...

    for option in (
        CLIOption(f_option, "-F", "--fold", True),
        CLIOption(f_option, None, "--file-storage", False),
    ):
        with pytest.raises(OptionError) as caught:
            gather_command_line_options([option])
        assert "file_storage_option" in str(caught.value)
        assert "f_option" in str(caught.value)
    check_clashes(BUILT_IN)


def test_L15_the_short_flag_may_be_missing():
    @cli_option(None, "--own-value")
    def own_option(args, run):
        """Text."""

    options = gather_command_line_options([own_option])
    assert parse("--own_value 3", options).options["--own-value"] == "3"
    assert "--own-value=VALUE" in format_usage("x", None, None, options)


@pytest.mark.parametrize(
    ("short", "long"),
    [("a", "--abc"), ("-ab", "--abc"), ("-a", "abc"), ("-a", "--a"), ("-a", "--ab-"), ("--", "--abc")],
)
def test_malformed_flags(short, long):
    with pytest.raises(ValueError, match="like"):
        cli_option(short, long)


def test_attributes_of_an_option():
    @cli_option("-a", "--attempts")
    def attempts_option(args, run):
        """How often
        to try."""
        return args

    assert isinstance(attempts_option, CLIOption)
    assert attempts_option("3", None) == "3"
    assert attempts_option.get_flags() == ("-a", "--attempts")
    assert attempts_option.get_flag() == "--attempts"
    assert attempts_option.get_short_flag() == "-a"
    assert attempts_option.get_name() == "attempts_option"
    assert attempts_option.get_description() == "How often to try."
    assert (attempts_option.arg, attempts_option.arg_description, attempts_option.is_flag) == (
        "VALUE",
        None,
        False,
    )


@pytest.mark.parametrize("line", ["help greet", "greet --help", "greet -h", "-h greet"])
def test_L16_help_for_a_command(line):
    parsed = parse(line)
    assert parsed.help_requested
    assert parsed.help_for == "greet"


@pytest.mark.parametrize("line", ["help", "-h", "--help"])
def test_help(line):
    parsed = parse(line)
    assert parsed.help_requested
    assert parsed.help_for is None


def test_L27_the_id_stays_what_was_typed():
    run = SimpleNamespace(_id=None)
    apply_options(parse("-i 7").options, BUILT_IN, run)
    assert run._id == "7"


# ------------------------------------------------------------------------------------------ effects on a run


def fake_run(**more):
    root = logging.getLogger("hallow-test-of-options")
    return SimpleNamespace(
        meta_info={},
        experiment_info={"name": "x", "repositories": []},
        observers=[],
        root_logger=root,
        **more,
    )


def test_effects():
    run = fake_run()
    line = "-b 3 -C sys -c hi -d -f -i 5 -l debug -n other -D -p -P 2 -q -u"
    apply_options(parse(line).options, BUILT_IN, run)
    assert (run.beat_interval, run.capture_mode, run._id) == (3.0, "sys", "5")
    assert run.meta_info == {"comment": "hi", "priority": 2.0}
    assert run.experiment_info["name"] == "other"
    assert run.run_logger.name.endswith("other")
    assert run.root_logger.level == 10
    assert all((run.debug, run.force, run.pdb, run.print_config, run.queue_only, run.unobserved))


def test_empty_values_do_nothing():
    run = fake_run()
    apply_options({"--file_storage": "", "--comment": None, "--debug": False}, BUILT_IN, run)
    assert run.observers == []
    assert not hasattr(run, "debug")


def test_enforce_clean():
    run = fake_run()
    with pytest.raises(DirtyRepositoryError, match="no repository"):
        apply_options({"--enforce_clean": True}, BUILT_IN, run)
    run.experiment_info["repositories"] = [{"url": "https://x", "dirty": True}, {"url": "y", "dirty": False}]
    with pytest.raises(RuntimeError, match="https://x"):
        apply_options({"--enforce_clean": True}, BUILT_IN, run)
    run.experiment_info["repositories"][0]["dirty"] = False
    apply_options({"--enforce_clean": True}, BUILT_IN, run)


def test_observer_options(monkeypatch):
    class Fake:
        def __init__(self, text):
            self.text = text

    class FromText(Fake):
        @classmethod
        def from_text(cls, text):
            return cls(text.upper())

    monkeypatch.setitem(
        sys.modules, "hallow.observers", SimpleNamespace(FileStorageObserver=Fake, MongoObserver=FromText)
    )
    run = fake_run()
    apply_options(parse("-F a -F b -m db").options, BUILT_IN, run)
    assert [o.text for o in run.observers] == ["a", "b", "DB"]
    with pytest.raises(OptionError, match="SqlObserver cannot be used"):
        apply_options(parse("-s sqlite://").options, BUILT_IN, run)


# -------------------------------------------------------------------------------------------- the old form


def test_options_in_the_old_form():
    with pytest.warns(DeprecationWarning, match="CommandLineOption are deprecated"):

        class FooBarOption(CommandLineOption):
            """Old option."""

            arg = "FOO"
            arg_description = "The foo"
            _enabled = False

            @classmethod
            def apply(cls, args, run):
                run.info["foo"] = args

    try:
        options = gather_command_line_options()
        parsed = parse("--foo_bar 3", options)
        assert parsed.options["--foo_bar"] == "3"
        run = SimpleNamespace(info={})
        apply_options(parsed.options, options, run)
        assert run.info == {"foo": "3"}
        text = format_usage("x", None, None, options)
        assert "--foo_bar=FOO" in text
        assert "  FOO       The foo" in text
        SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS = False
        assert gather_command_line_options() == list(BUILT_IN)
    finally:
        FooBarOption._enabled = True
        del FooBarOption, options, parsed
        import gc

        gc.collect()
    assert "FooBarOption" not in [cls.__name__ for cls in CommandLineOption.__subclasses__()], "it is an option no more"


# --------------------------------------------------------------------------------------------------- usage


def test_usage_text():
    def stats():
        """Print numbers.

        More.
        """

    text = format_usage(
        "exp.py", "  Docstring\n  of the module.\n", {"print_config": lambda: None, "dataset.stats": stats}, BUILT_IN
    )
    assert text.startswith(
        "Usage:\n  exp.py [(with UPDATE...)] [options]\n  exp.py help [COMMAND]\n  exp.py (-h | --help)\n"
        "  exp.py COMMAND [(with UPDATE...)] [options]\n\nDocstring\nof the module.\n\nOptions:\n"
    )
    assert "\n  -d --debug                    Do not filter tracebacks" in text
    assert "\n                                missing observers.\n" in text
    assert "\n\nArguments:\n  COMMAND   The function" in text
    assert text.endswith("  dataset.stats  Print numbers.\n")
    assert max(map(len, text.splitlines())) <= 80
    assert printable_usage(text) == short_usage("exp.py").strip()


def test_L25_docstrings_are_never_parsed():
    """Nothing that a user writes reaches the parser."""

    @cli_option("-y", "--yes", is_flag=True)
    def yes_option(args, run):
        """Usage: nonsense

        Options:
          -z ZED  text [default: 5]
        """

    options = [*BUILT_IN, yes_option]
    assert "Usage: nonsense" in format_usage("x", "Usage: foo\n\nUsage: bar\n  -z ZED  [default: 5]", None, options)
    assert parse("-y", options).options["--yes"] is True
    with pytest.raises(OptionError):
        parse("-z 3", options)


def test_help_for_command_text():
    doc = """Say hello.

        More:
            indented
        """
    assert help_for_command("greet", "(a, name='Bob')", doc) == (
        "greet(a, name='Bob')\n    Say hello.\n\n    More:\n        indented"
    )
    assert help_for_command("f", "()", None) == "f()"


def test_names_with_blanks_and_odd_letters():
    parsed = parse_command_line(["x", "with", "a=1 2", "b=-3", "c=\u00e9\n"], BUILT_IN, "my prog")
    assert parsed.updates == ["a=1 2", "b=-3", "c=\u00e9\n"]
    assert parse_command_line(["x", "-c", "a b\nc"], BUILT_IN).options["--comment"] == "a b\nc"


def test_docopt_is_imported_late(run_script):
    done = run_script(
        """
        import sys
        import hallow.cli.parse, hallow.cli.builtin, hallow.cli.usage
        print(sorted({"docopt", "hallow.observers", "numpy", "jsonpickle", "logging"} & set(sys.modules)))
        """
    )
    assert done.out.strip() == "[]", done.err
