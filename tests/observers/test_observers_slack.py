"""Messages to Slack, sent to a service on this machine."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import threading
import time
from datetime import datetime, timedelta

import pytest

from hallow import Experiment
from hallow.errors import ConfigFileError, ConfigFileNotFoundError, UsageError
from hallow.observers import FileStorageObserver
from hallow.observers.notify.slack import DEFAULT_SLACK_PRIORITY, SlackObserver
from hallow.utils import TimeoutInterrupt

from observers_http import SECRET, leaks

WHEN = datetime(2024, 5, 4, 3, 2, 1)
START = {
    "ex_info": {"name": "exp", "sources": []},
    "command": "main",
    "host_info": {"hostname": "here"},
    "start_time": WHEN,
    "config": {"lr": 0.1, "nested": {"depth": 3}},
    "meta_info": {},
    "_id": 7,
}


@pytest.fixture
def slack(service):
    return SlackObserver(f"{service.url}/services/{SECRET}", timeout=30)


def experiment(*observers):
    ex = Experiment("told", interactive=True, save_git_info=False)
    ex.observers += observers
    return ex


# ---------------------------------------------------------------------------------------------------- whole runs


def test_a_run_that_ends_well(service, slack):
    ex = experiment(slack)
    ex.main(lambda: 42)
    run = ex.run(command_name="<lambda>")
    ((path, headers, message),) = service.requests
    assert path == f"/services/{SECRET}"
    assert headers["Content-type"] == "application/json"
    assert headers["Accept"] == "text/plain"
    assert message == {
        "username": "sacred-bot",
        "icon_emoji": ":angel:",
        "text": ":white_check_mark: *told* completed after _less than a second_ with result=`42`",
    }
    assert run._failed_observers == []


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("too small"), ":x: *told* failed after _less than a second_ with `ValueError: too small`"),
        (KeyboardInterrupt(), ":warning: *told* interrupted after _less than a second_"),
        (TimeoutInterrupt(), ":warning: *told* interrupted after _less than a second_"),
    ],
)
def test_a_run_that_ends_otherwise(service, slack, error, text):
    ex = experiment(slack)

    @ex.main
    def main():
        raise error

    with pytest.raises(type(error)):
        ex.run()
    assert [message["text"] for message in service.messages] == [text]


def test_texts_can_refer_to_everything_that_is_known(service, slack):
    slack.completed_text = (
        "{_id} {config[lr]} {config[nested][depth]} {start_time:%Y} {experiment[name]} {command} "
        "{host_info[hostname]} {elapsed_time} {result[acc]:.1f} {stop_time:%H:%M} {result!r}"
    )
    slack.interrupted_text = "{status} {interrupt_time:%H}"
    slack.failed_text = "{error}|{fail_trace[0]}|{fail_time:%H}|{backtrace}"
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN + timedelta(seconds=61), result={"acc": 0.51})
    slack.interrupted_event(interrupt_time=WHEN, status="TIMEOUT")
    slack.failed_event(fail_time=WHEN, fail_trace=["Trace\n", "ValueError: 1\n"])
    assert [message["text"] for message in service.messages] == [
        "7 0.1 3 2024 exp main here 1 minute, 1 second 0.5 03:03 {'acc': 0.51}",
        "TIMEOUT 03",
        "ValueError: 1|Trace\n|03|Trace\nValueError: 1\n",
    ]


def test_O_44_ex_info_is_another_name_of_experiment(service, slack):
    slack.completed_text = "{ex_info[name]} = {experiment[name]}"
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=1)
    assert service.messages[0]["text"] == "exp = exp"


@pytest.mark.parametrize(
    ("template", "text", "warning"),
    [
        ("{config[learning_rate]} {result}", "{config[learning_rate]} 1", "config[learning_rate]"),
        ("{no} {} {0} {result.x}", "{no} {} {0} {result.x}", "{no}"),
        ("{result", "{result", "'{result'"),
        ("{experiment[name]:%Q.2f}", "exp", ""),
    ],
)
def test_O_44_a_mistake_in_a_text_does_not_cost_the_message(service, slack, caplog, template, text, warning):
    slack.completed_text = template
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=1)
    assert service.messages[0]["text"].replace("{0}", "{}").count("{}") == text.replace("{0}", "{}").count("{}")
    assert service.messages[0]["text"].split(" ")[0] == text.split(" ")[0]
    assert warning in caplog.text


def test_an_event_without_a_start_is_told_all_the_same(service, slack):
    slack.failed_event(fail_time=WHEN, fail_trace=[])
    assert "failed after" in service.messages[0]["text"]


def test_long_results_are_shortened(service, slack):
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result="a" * 100_000 + "z")
    text = service.messages[0]["text"]
    assert len(text) < 4000
    assert text.endswith("z`")


def test_a_result_that_cannot_be_shown(service, slack):
    class Shy:
        def __str__(self):
            raise RuntimeError("no")

        __repr__ = __str__

    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=Shy())
    assert "Shy object" in service.messages[0]["text"]


# ------------------------------------------------------------------------------------------------- construction


def test_arguments_and_defaults(service):
    own = SlackObserver("https://hooks.slack.com/services/a", "robot", ":robot:", 5, "c", "i", "f")
    assert (own.webhook_url, own.bot_name, own.icon, own.priority) == (
        "https://hooks.slack.com/services/a",
        "robot",
        ":robot:",
        5,
    )
    assert (own.completed_text, own.interrupted_text, own.failed_text) == ("c", "i", "f")
    assert SlackObserver("https://hooks.slack.com/x").priority == DEFAULT_SLACK_PRIORITY == 10


@pytest.mark.parametrize("attribute", ["completed_text", "interrupted_text", "failed_text"])
def test_none_switches_a_message_off(service, slack, attribute):
    setattr(slack, attribute, None)
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=1)
    slack.interrupted_event(interrupt_time=WHEN, status="INTERRUPTED")
    slack.failed_event(fail_time=WHEN, fail_trace=["x"])
    word = attribute.removesuffix("_text")
    assert len(service.messages) == 2
    assert not any(word in message["text"] for message in service.messages)


def test_a_subclass_makes_its_own_text(service):
    class Own(SlackObserver):
        def get_completed_text(self):
            return f"{self.runinfo['experiment']['name']}: {self.runinfo['result']}"

        def get_failed_text(self):
            raise RuntimeError("a mistake")

    own = Own(service.url + "/x", timeout=30)
    own.started_event(**START)
    own.completed_event(stop_time=WHEN, result=1)
    own.failed_event(fail_time=WHEN, fail_trace=["x"])
    assert [message["text"] for message in service.messages] == ["exp: 1", "exp: failed"]


@pytest.mark.parametrize(
    "url",
    ["", "hooks.slack.com/services/SECRETSECRET", "ftp://SECRETSECRET", 5, "https://", "https://a/SECRETSECRET b"],
)
def test_what_is_no_url_is_refused(url):
    with pytest.raises(UsageError, match="webhook URL of Slack") as caught:
        SlackObserver(url)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("extension", ["json", "yaml", "yml"])
def test_from_config(tmp_path, extension, service):
    file = tmp_path / f"slack.{extension}"
    settings = {
        "webhook_url": service.url + "/x",
        "bot_name": "robot",
        "failed_text": None,
        "completed_text": "done",
        "timeout": 30,
    }
    file.write_text(json.dumps(settings))  # which is YAML, too
    observer = SlackObserver.from_config(str(file))
    assert observer.bot_name == "robot"
    assert observer.failed_text is None, "null means no message"
    assert observer.interrupted_text.startswith(":warning:"), "not given: the default"
    observer.started_event(**START)
    observer.failed_event(fail_time=WHEN, fail_trace=["x"])
    observer.completed_event(stop_time=WHEN, result=1)
    assert [message["text"] for message in service.messages] == ["done"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", '{"webhook_url": "https://SECRETSECRET",', "line 1"),
        ("a.yaml", "webhook_url: [https://SECRETSECRET", "not YAML"),
        ("a.yaml", "webhook_url: !!python/object/apply:os.system [SECRETSECRET]", "not YAML"),
        ("a.json", '["SECRETSECRET"]', "mapping"),
        ("a.json", '{"webhook_url": "https://SECRETSECRET", "botname": 1}', "'bot_name'"),
        ("a.json", "{}", "webhook_url"),
        ("a.json", '{"webhook_url": null}', "webhook_url"),
        ("a.txt", "", ".json"),
    ],
)
def test_from_config_explains_mistakes_without_secrets(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigFileError, match=says) as caught:
        SlackObserver.from_config(tmp_path / name)
    assert "SECRET" not in str(caught.value)
    assert name in str(caught.value)


def test_from_config_never_loads_a_pickle(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "slack.pickle").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ConfigFileError, match="JSON"):
        SlackObserver.from_config(tmp_path / "slack.pickle")
    assert not (tmp_path / "sprung").exists()


def test_from_config_without_a_file(tmp_path):
    with pytest.raises(ConfigFileNotFoundError):
        SlackObserver.from_config(tmp_path / "none.json")


# ----------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("answer", [(500, "oops"), (404, "no_service"), (302, ""), (403, SECRET)])
def test_O_45_a_status_that_is_no_success_is_a_warning(service, slack, caplog, answer):
    service.answer = answer
    service.location = f"{service.url}/elsewhere" if answer[0] == 302 else None
    ex = experiment(slack)
    ex.main(lambda: 42)
    with caplog.at_level(logging.DEBUG):
        run = ex.run(command_name="<lambda>")
    assert (run.status, run._failed_observers) == ("COMPLETED", [])
    assert len(service.requests) == 1, "a redirection is not followed: the message would get lost"
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert str(answer[0]) in record.getMessage()
    assert leaks(SECRET, caplog.text) == []


def test_O_45_a_service_that_cannot_be_reached_is_a_warning(caplog, service):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ex = experiment(SlackObserver(f"http://127.0.0.1:{port}/services/{SECRET}"))
    ex.main(lambda: 42)
    with caplog.at_level(logging.DEBUG):
        assert ex.run(command_name="<lambda>").status == "COMPLETED"
    assert "could not send a message: ConnectionRefusedError" in caplog.text
    assert leaks(SECRET, caplog.text) == []


def test_O_45_a_service_that_hangs_delays_the_end_by_the_timeout_at_most(service, caplog):
    service.let_go.clear()
    slack = SlackObserver(f"{service.url}/services/{SECRET}", timeout=0.2)
    ex = experiment(slack)
    ex.main(lambda: 42)
    began = time.monotonic()
    run = ex.run(command_name="<lambda>")
    assert time.monotonic() - began < 20
    assert (run.status, run._failed_observers) == ("COMPLETED", [])
    assert len(service.requests) == 1
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert leaks(SECRET, caplog.text) == []


def test_O_45_a_service_that_dribbles_is_given_up_too(caplog):
    """The timeout is for the whole, not for each byte."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble():
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                while not stop.wait(0.02):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=dribble)
        thread.start()
        slack = SlackObserver(f"http://127.0.0.1:{server.getsockname()[1]}/x", timeout=0.3)
        slack.started_event(**START)
        slack.completed_event(stop_time=WHEN, result=1)
        assert "did not answer within 0.3 s" in caplog.text
        stop.set()
        thread.join()
    for sender in threading.enumerate():
        if sender.name == "hallow-messages":
            sender.join(30)


def test_after_a_hang_the_next_run_is_told(service):
    service.let_go.clear()
    slack = SlackObserver(f"{service.url}/x", timeout=0.1)
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=1)
    service.let_go.set()
    slack.timeout = 30
    slack.started_event(**START)
    slack.completed_event(stop_time=WHEN, result=2)
    assert service.messages[-1]["text"].endswith("`2`")


def test_secrets_are_nowhere(service, tmp_path, caplog):
    service.answer = (500, "oops")
    slack = SlackObserver(f"{service.url}/services/{SECRET}", timeout=30)
    ex = experiment(FileStorageObserver(tmp_path / "runs"), slack)

    @ex.main
    def main(_run, _log):
        print(_run.observers)
        _log.info("%s %r", slack, _run.observers)

    with caplog.at_level(logging.DEBUG):
        run = ex.run()
    assert len(service.requests) == 1
    assert leaks(SECRET, caplog.text, repr(slack), str(slack), repr(run.observers), tmp_path / "runs") == []
    assert "SlackObserver(127.0.0.1)" in (tmp_path / "runs" / "1" / "cout.txt").read_text()


# ------------------------------------------------------------------------------------------------- in the house


def test_a_message_that_fails_does_not_make_the_record_incomplete(service, tmp_path):
    service.answer = (500, "oops")
    store = FileStorageObserver(tmp_path / "runs")
    ex = experiment(store, SlackObserver(f"{service.url}/x", timeout=30))
    ex.main(lambda: 42)
    ex.run(command_name="<lambda>", options={"--strict-observers": True})
    assert not (tmp_path / "runs" / "1" / ".hallow" / "journal").exists()


def test_it_asks_for_no_more_than_it_needs(slack):
    """Neither metrics nor output are put into the form that old observers want."""
    from hallow.observers.base import takes_increments

    assert takes_increments(slack, "points_event", "log_metrics")
    assert takes_increments(slack, "output_event", "heartbeat_event")
    assert not hasattr(type(slack), "recovery")
    assert slack.keeps_record is False
    slack.heartbeat_event(info={}, captured_out="", beat_time=WHEN, result=None)
    slack.log_metrics(metrics_by_name={}, info={})


def test_runs_at_the_same_time_do_not_mix(service, slack):
    inner, outer = experiment(slack), experiment(slack)
    slack.completed_text = "{command} {result}"

    @inner.main
    def small():
        return "inner"

    @outer.main
    def large():
        inner.run()
        return "outer"

    outer.run()
    assert [message["text"] for message in service.messages] == ["small inner", "large outer"]
    outer.run()
    assert len(service.messages) == 4


def test_a_queued_run_is_not_told(service, slack):
    ex = experiment(slack)
    ex.main(lambda: 42)
    assert ex.run(command_name="<lambda>", options={"--queue": True}).status == "QUEUED"
    assert service.requests == []
