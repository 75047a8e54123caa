"""Values and updates as written on the command line."""

from __future__ import annotations

import math
import sys
from ast import literal_eval

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.cli.grammar import get_config_updates, nest_updates, split_words
from hallow.cli.values import parse_value
from hallow.errors import ConfigError, UpdateError, UsageError
from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS
from properties import examples

LITERALS = [
    ("5", 5), ("-5", -5), ("1_000", 1000), ("0x10", 16), ("0b11", 3), ("0o7", 7),
    ("1.0", 1.0), ("1.", 1.0), (".1", 0.1), ("1e3", 1000.0), ("-.4e-12", -0.4e-12), ("1e400", math.inf),
    ("True", True), ("False", False), ("None", None),
    ("[1, 2]", [1, 2]), ("(1, 2)", (1, 2)), ("1,2", [1, 2]), ("()", ()), ("[]", []), ("{}", {}),
    ('{"a": 1}', {"a": 1}), ('"hello"', "hello"), ("'hello'", "hello"), ("'[a]'", "[a]"), (" 5 ", 5),
]  # fmt: skip
WORDS = ["hello", "hello world", "nan", "inf", "true", "null", "none", "007", "1+2", "a=b", "", "it's", "/a/b.txt",
         "{time}_{config.lr}", "[1,2] x", "a]", '"abc']  # fmt: skip
CONTAINERS = [
    ("[hello, world]", ["hello", "world"]),
    ("{a: 1}", {"a": 1}),
    ("(a, b)", ("a", "b")),
    ("{a, b}", {"a", "b"}),
    ("[a, [b, c], {x: 1, y: true}]", ["a", ["b", "c"], {"x": 1, "y": True}]),
    ('{"a": true, "b": null, "c": [-inf]}', {"a": True, "b": None, "c": [-math.inf]}),
    ('["a, b", c]', ["a, b", "c"]),
    ("[it's, ok]", ["it's", "ok"]),
    ("{url: http://x, n: 1}", {"url": "http://x", "n": 1}),
    ("[a b, /c/d.e]", ["a b", "/c/d.e"]),
    ("[a,]", ["a"]),
]


@pytest.mark.parametrize(("text", "value"), LITERALS)
def test_cli_values_literals(text, value):
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize("text", WORDS)
def test_cli_values_words(text):
    parsed = parse_value(text)
    assert parsed == text
    assert type(parsed) is Word


@pytest.mark.parametrize(("text", "value"), CONTAINERS)
def test_L5_containers_of_bare_words(text, value):
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize("text", ["[1,2", "[a", "{a: 1", "(a, [b)", "[1)", '["a', "{a: [b}"])
def test_L5_open_brackets(text):
    with pytest.raises(UpdateError) as caught:
        get_config_updates([f"l={text}"])
    assert f'"l={text}"' in str(caught.value)
    assert "not closed" in str(caught.value)


def test_L5_quotes_keep_the_text():
    assert parse_value('"[a]"') == "[a]"
    assert type(parse_value('"[a]"')) is str


@pytest.mark.parametrize(
    ("text", "value"),
    [("{1,2}", {1, 2}), ("b'x'", b"x"), ("1+2j", 1 + 2j), ("...", ...), ('{1: "x"}', {1: "x"})],
)
def test_L6_every_literal_works(text, value):
    assert get_config_updates([f"a={text}"]) == ({"a": value}, [])


def test_L6_strict_parsing_names_the_update():
    SETTINGS.COMMAND_LINE.STRICT_PARSING = True
    assert parse_value("[1, 'a']") == [1, "a"]
    for text in ("hello", "[hello]", "true"):
        with pytest.raises(UpdateError, match="not a Python literal") as caught:
            get_config_updates([f"key={text}"])
        assert f'"key={text}"' in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch pwned"]}]}',
        '{"a": [{"py/object": "subprocess.Popen", "args": "x"}]}',
        '[{"py/type": "antigravity.X"}]',
        "{'py/function': 'antigravity.x'}",
    ],
)
def test_config_code_exec_on_the_command_line(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UpdateError, match="data only"):
        get_config_updates([f"a={text}"])
    assert "antigravity" not in sys.modules
    assert list(tmp_path.iterdir()) == []


test_L7_values_are_data = test_config_code_exec_on_the_command_line


def test_L7_harmless_tags():
    assert parse_value('{"py/tuple": [1, 2]}') == (1, 2)
    assert parse_value('{"a": {"py/set": [1]}, 3: (1, 2)}') == {"a": {1}, 3: (1, 2)}


def test_tuples_under_the_alias(sacred_profile):
    assert parse_value("(1, (2, 3))") == [1, [2, 3]]


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.binary()
    | st.just(...),
    lambda c: st.lists(c, max_size=3) | st.tuples(c, c) | st.dictionaries(st.integers() | st.text(), c, max_size=3)
    | st.sets(st.integers() | st.text(), min_size=1, max_size=3),
    max_leaves=8,
)  # fmt: skip


@examples(150)
@given(literals)
def test_the_repr_of_a_literal_comes_back(value):
    text = repr(value).replace("Ellipsis", "...")
    if "py/" in text:
        return
    parsed = parse_value(text)
    assert parsed == literal_eval(text)
    assert type(parsed) is type(value)


@examples(300)
@given(st.text(alphabet="[]{}(),:'\"\\ abtrue1.=-py/\n") | st.text())
def test_parsing_raises_nothing_but_update_errors(text):
    before = set(sys.modules)
    try:
        parse_value(text)
    except UpdateError:
        pass
    assert set(sys.modules) == before


@examples(150)
@given(st.lists(st.text(alphabet="ab.=+[]01 'x\"{}"), max_size=4))
def test_updates_raise_nothing_but_config_errors(updates):
    try:
        split_words(["with", *updates])
        nested, _ = get_config_updates(updates)
    except (ConfigError, UsageError):
        return
    assert nest_updates(nested) == nested


def test_depth_is_limited_by_an_error():
    with pytest.raises(UpdateError, match="nested too deeply"):
        parse_value("[" * 50_000)
    assert parse_value("9" * 5000) == "9" * 5000


# ------------------------------------------------------------------------------------------------- updates


@pytest.mark.parametrize("updates", [None, [], ["", "  "]])
def test_no_updates(updates):
    assert get_config_updates(updates) == ({}, [])


def test_updates_and_named_configs():
    updates = ["a=1", " b.c = 2 ", "quick", "", "b.d=x=y", "conf.json", "a=3"]
    assert get_config_updates(updates) == ({"a": 3, "b": {"c": 2, "d": "x=y"}}, ["quick", "conf.json"])


@pytest.mark.parametrize("word", ["=5", "a.=3", ".a=3", "a..b=3", ".=1", "[0]=1"])
def test_L3_empty_names(word):
    with pytest.raises(UpdateError) as caught:
        get_config_updates([word])
    assert f'"{word}"' in str(caught.value)


@pytest.mark.parametrize("updates", [["a=1", "a.b=2"], ["a.b=2", "a=1"], ["a.b.c=1", "a.b=[2]"]])
def test_C17_contradictions(updates):
    with pytest.raises(UpdateError) as caught:
        get_config_updates(updates)
    assert all(f'"{update.partition("=")[0]}"' in str(caught.value) for update in updates)


def test_C17_in_code():
    with pytest.raises(UpdateError, match='"a" and "a.b" are both set'):
        nest_updates({"a": 1, "a.b": 2})
    assert nest_updates({"a.b": 1, "a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}


def test_dicts_and_paths_together():
    assert get_config_updates(['a={"x": 1}', "a.b=2"])[0] == {"a": {"x": 1, "b": 2}}
    assert get_config_updates(["a.b=2", 'a={"x": 1}'])[0] == {"a": {"b": 2, "x": 1}}
    assert get_config_updates(['a={"x": 1}', 'a={"y": 1}'])[0] == {"a": {"y": 1}}


def test_list_index():
    """Indices are string keys below the list, a plus sign extends it."""
    updates = ["l[0].size=9", "l.1.size=8", "l[-1]=x", "m[0][1]=2", "n+=[1]", "n += [2, a]"]
    assert get_config_updates(updates)[0] == {
        "l": {"0": {"size": 9}, "1": {"size": 8}, "-1": "x"},
        "m": {"0": {"1": 2}},
        "n": Append([1, 2, "a"]),
    }
    assert get_config_updates(["l=[1]", "l+=[2]"])[0] == {"l": [1, 2]}
    with pytest.raises(UpdateError, match=r"must be a list: l\+=\[5\]"):
        get_config_updates(["l+=5"])
    assert nest_updates({"l[0]": 1, "m": Append([1])}) == {"l": {"0": 1}, "m": Append([1])}


def test_list_updates_switched_off():
    SETTINGS.CONFIG.LIST_UPDATES = False
    assert get_config_updates(["l[0]=3", "m+=[1]"])[0] == {"l[0]": 3, "m+": [1]}


def test_C18_keys_that_are_not_text():
    """Keys of dicts keep type and dots; dots in the outermost keys are paths."""
    d = {False: 1, True: 4, 1.5: 2, (1, 2): 3, "a.b": 5}
    nested = nest_updates({"x.d": d, 4: 5})
    assert nested == {"x": {"d": d}, 4: 5}
    assert nested["x"]["d"] is not d
    SETTINGS.CONFIG.DOTTED_KEYS = "all"
    assert nest_updates({"d": {"a.b": 5, 1: 2}, "e": {}}) == {"d": {"a": {"b": 5}, 1: 2}, "e": {}}


def test_nesting_changes_nothing_of_the_caller():
    given = {"a": {"b": 1}, "a.c": 2}
    nest_updates(given)["a"]["b"] = 9
    assert given == {"a": {"b": 1}, "a.c": 2}


# --------------------------------------------------------------------------------------------------- words


def test_L1_with_alone():
    with pytest.raises(UsageError, match="at least one update"):
        split_words(["with"])
    with pytest.raises(UsageError, match="at least one update"):
        split_words(["greet", "with"])


@pytest.mark.parametrize(
    ("words", "updates"),
    [
        (["c=[1,", "2]", "x"], ["c=[1, 2]", "x"]),
        (["d={a:", "1,", "b:", "2}"], ["d={a: 1, b: 2}"]),
        (["s='a", "b'"], ["s='a b'"]),
        (['l=["a', 'b",', "c]", "d=1"], ['l=["a b", c]', "d=1"]),
        (["s=it's", "x"], ["s=it's", "x"]),
        (["c=[1,", "2"], ["c=[1,", "2"]),
    ],
)
def test_L8_words_that_the_shell_split(words, updates):
    assert split_words(["with", *words]).updates == updates


def test_L8_expanded_braces():
    with pytest.raises(UpdateError, match="the shell has probably split a dict"):
        get_config_updates(["d=a:1", "d=b:2"])
    assert get_config_updates(["u=http://x", "u=http://y"])[0] == {"u": "http://y"}


def test_commands():
    assert split_words([]).command is None
    assert split_words(["greet"]).command == "greet"
    parsed = split_words(["dataset.stats", "with", "a=1", "with"])
    assert (parsed.command, parsed.updates) == ("dataset.stats", ["a=1", "with"])
    with pytest.raises(UsageError, match="with a=1"):
        split_words(["a=1"])
    with pytest.raises(UsageError, match='"a=1" stands where only "with"'):
        split_words(["greet", "a=1"])


def test_help_words():
    assert split_words(["help"]).help_requested
    assert split_words(["help", "greet"]).help_for == "greet"
    assert split_words(["help", "help"]).help_for == "help"
    with pytest.raises(UsageError, match="one command at a time"):
        split_words(["help", "a", "b"])
