"""How users say where a MongoDB store is."""

from __future__ import annotations

import warnings

import pytest

from hallow.backends.mongo.addresses import Address, get_pattern, parse_mongo_db_arg, shown_url
from hallow.backends.mongo.layout import Names
from hallow.backends.mongo.observer import MongoObserver
from hallow.errors import HallowWarning, OptionError, StoreError
from hallow.observers import MongoObserver as Public


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("foo", {"db_name": "foo"}),
        ("foo.bar", {"db_name": "foo", "collection": "bar"}),
        ("localhost:28017", {"url": "localhost:28017"}),
        ("h.org:28017:foo.bar!17", {"url": "h.org:28017", "db_name": "foo", "collection": "bar", "priority": 17}),
        ("foo.bar:3!-2", {"db_name": "foo", "collection": "bar", "overwrite": "3", "priority": -2}),
        (
            "h:1:foo.bar:12!3",
            {"url": "h:1", "db_name": "foo", "collection": "bar", "overwrite": "12", "priority": 3},
        ),
        ("foo!-5", {"db_name": "foo", "priority": -5}),
        ("_a#%&'()+-;=@[]^_{}", {"db_name": "_a#%&'()+-;=@[]^_{}"}),
        ("mongodb://h", {"url": "mongodb://h/", "db_name": "sacred"}),
        ("mongodb://h:1/lab", {"url": "mongodb://h:1/lab", "db_name": "lab"}),
        (
            "mongodb://u:p%21!1@h:1,g:2/lab.mine?authSource=admin&tls=true!17",
            {
                "url": "mongodb://u:p%21!1@h:1,g:2/lab?authSource=admin&tls=true",
                "db_name": "lab",
                "collection": "mine",
                "priority": 17,
            },
        ),
        (
            "mongodb+srv://h.net/lab?collection_prefix=p&retryWrites=true",
            {"url": "mongodb+srv://h.net/lab?retryWrites=true", "db_name": "lab", "collection_prefix": "p"},
        ),
    ],
)
def test_the_grammar(text, arguments):
    assert parse_mongo_db_arg(text) == arguments


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1foo",
        "h:db",
        "a b",
        "x" * 65,
        "foo.",
        ".foo",
        "foo.bar:1234567890123",
        "h:123456:db",
        "foo!x",
        "http://h/db",
    ],
)
def test_O_28_what_is_not_understood_is_explained(text):
    """L13, too: a clear error with the grammar."""
    with pytest.raises(OptionError, match=r"--mongo_db: .*\[HOST:PORT:\]DATABASE\[\.COLLECTION\[:ID\]\]") as caught:
        parse_mongo_db_arg(text)
    assert isinstance(caught.value, ValueError)
    assert repr(text) in str(caught.value)


def test_O_28_a_password_is_not_shown():
    with pytest.raises(OptionError) as caught:
        parse_mongo_db_arg("user:secret@host:27017:db")
    assert "secret" not in str(caught.value)


def test_an_id_that_looks_like_a_port():
    """It is read as host and port, as by Sacred; hallow says so."""
    with pytest.warns(HallowWarning, match=r"for run 3 in the collection 'bar' .* write localhost:27017:foo\.bar:3"):
        assert parse_mongo_db_arg("foo.bar:3") == {"url": "foo.bar:3"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_mongo_db_arg("mongo.lan:27017") == {"url": "mongo.lan:27017"}
        assert parse_mongo_db_arg("localhost:3") == {"url": "localhost:3"}


def test_the_pattern_is_a_text():
    import re

    assert re.fullmatch(get_pattern(), "foo.bar!1")["priority"] == "1"


def test_an_address_that_is_no_url():
    with pytest.raises(StoreError, match="not understood") as caught:
        Address.of("mongodb://u:secret[@h/db")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("collection", "prefix", "shown", "points"),
    [
        ("runs", "", "mongodb://h:1/lab", "hallow_points"),
        ("runs", "p", "mongodb://h:1/lab?collection_prefix=p", "p_hallow_points"),
        ("p_runs", "", "mongodb://h:1/lab.p_runs", "p_hallow_points"),
        ("mine", "", "mongodb://h:1/lab.mine", "mine_hallow_points"),
    ],
)
def test_names_of_collections(collection, prefix, shown, points):
    """Where a store is shown to be, it is found again."""
    names = Names.of(collection, prefix)
    assert shown_url("h:1", "lab", names) == shown
    assert Address.of(shown).names == names
    assert names.own("points") == points


def test_secrets_are_not_shown():
    url = "mongodb://u:p@h/lab?authMechanismProperties=AWS_SESSION_TOKEN:secret&tls=true"
    assert shown_url(url, "lab", Names()) == "mongodb://u:***@h/lab?tls=true"


@pytest.mark.parametrize("url", ["localhost:1", "mongodb://u:secret@localhost:1/?authSource=admin"])
def test_observers_of_texts(url):
    observer = Public.from_text(f"{url}:lab!4" if "//" not in url else url.replace("/?", "/lab?") + "!4")
    assert (observer.runs.database.name, observer.priority, observer.runs.name) == ("lab", 4, "runs")
    assert "secret" not in repr(observer)
    assert "secret" not in str(observer.recovery())
    assert Public is MongoObserver


@pytest.mark.parametrize("url", ["mongodb://u:secret@h:x/db", "mongodb://u:sec/ret@h/db"])
def test_urls_that_make_no_sense(url):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver's
        with pytest.raises(StoreError, match="not understood") as caught:
            MongoObserver(url)
    assert "secret" not in str(caught.value)
    assert "sec/ret" not in str(caught.value)
    assert caught.value.__cause__ is None
