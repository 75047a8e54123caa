"""Messages through Apprise, sent to a service on this machine."""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

import hallow
from hallow import Experiment
from hallow.errors import ConfigFileError, MissingExtraError, UsageError
from hallow.observers import FileStorageObserver
from hallow.observers.notify.conditions import parsed
from hallow.observers.notify.notify import DEFAULT_NOTIFY_PRIORITY, NotifyObserver

from observers_http import SECRET, Service, leaks

pytest.importorskip("apprise")

SOURCE = str(Path(hallow.__file__).parents[1])
WHEN = datetime(2024, 5, 4, 3, 2, 1)
START = {
    "ex_info": {"name": "exp", "sources": []},
    "command": "main",
    "host_info": {"hostname": "here"},
    "start_time": WHEN,
    "config": {"lr": 0.1},
    "meta_info": {},
    "_id": 7,
}


def url(service, path=""):
    return f"json://127.0.0.1:{service.port}/{path}"


def notifier(service, **arguments):
    return NotifyObserver(url(service), timeout=30, **arguments)


def experiment(*observers):
    ex = Experiment("told", interactive=True, save_git_info=False)
    ex.observers += observers
    return ex


def titles(service):
    return [message["title"] for message in service.messages]


def texts(service):
    return [message["message"] for message in service.messages]


# ---------------------------------------------------------------------------------------------------- whole runs


def test_a_run_that_ends_well(service, tmp_path):
    ex = experiment(FileStorageObserver(tmp_path / "runs"), notifier(service))
    ex.main(lambda: 42)
    ex.run(command_name="<lambda>")
    (message,) = service.messages
    assert message["title"] == "told, run 1: completed"
    assert message["message"] == "told completed after less than a second, result: 42"
    assert message["type"] == "success"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ValueError("too small"), "failure", ["told failed after", "ValueError: too small", "Traceback"]),
        (KeyboardInterrupt(), "warning", ["told was interrupted (INTERRUPTED)"]),
    ],
)
def test_a_run_that_ends_otherwise(service, error, kind, words):
    ex = experiment(notifier(service))

    @ex.main
    def main():
        raise error

    with pytest.raises(type(error)):
        ex.run()
    (message,) = service.messages
    assert message["type"] == kind
    assert all(word in message["message"] for word in words)


def test_on_chooses_events(service):
    ex = experiment(notifier(service, on="failed"), notifier(service, on=["started", "completed"]))

    @ex.main
    def main(fails=False):
        if fails:
            raise ValueError

    ex.run()
    assert titles(service) == ["told: started", "told: completed"]
    with pytest.raises(ValueError):
        ex.run(config_updates={"fails": True})
    assert titles(service)[2:] == ["told: started", "told: failed"]


def test_several_services_and_one_that_hangs(service, caplog):
    """One that does not answer holds up none of the others."""
    hanging, refusing = Service(), Service()
    hanging.let_go.clear()
    refusing.answer = (500, "oops")
    observer = NotifyObserver([url(hanging), url(refusing), url(service)], timeout=2)
    ex = experiment(observer)
    ex.main(lambda: 42)
    try:
        assert ex.run(command_name="<lambda>")._failed_observers == []
        assert len(service.messages) == len(hanging.messages) == len(refusing.messages) == 1
        warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warnings) == 2
        assert any("500" in warning for warning in warnings)
        assert any("did not answer within 2 s" in warning for warning in warnings)
    finally:
        hanging.close()
        refusing.close()
        for thread in threading.enumerate():
            if thread.name == "hallow-messages":
                thread.join(30)


def test_texts_of_ones_own(service):
    observer = notifier(service, on=["started", "completed"], started_text="{_id} {config[lr]}", completed_text=None)
    observer.started_event(**START)
    observer.completed_event(stop_time=WHEN, result=1)
    assert texts(service) == ["7 0.1"]


def test_it_is_no_store(service, tmp_path):
    """A message that fails leaves no journal behind, and the run is complete."""
    service.answer = (500, "oops")
    ex = experiment(FileStorageObserver(tmp_path / "runs"), notifier(service))
    ex.main(lambda: 42)
    ex.run(command_name="<lambda>", options={"--strict-observers": True})
    assert not (tmp_path / "runs" / "1" / ".hallow" / "journal").exists()
    assert NotifyObserver.keeps_record is False


# ---------------------------------------------------------------------------------------------------- conditions


def test_a_condition_is_told_once_with_step_and_value(service):
    ex = experiment(notifier(service, on=(), when=["val.loss > 10", "val.acc >= 0.99"]))

    @ex.main
    def main(_run):
        for step in range(20):
            _run.log_scalar("val.loss", float(step), step)
            _run.log_scalar("val.acc", 0.5, step)
            _run.log_scalar("other", 100.0, step)

    ex.run()
    (message,) = service.messages
    assert message["message"] == "told: val.loss is 11.0 at step 11 (val.loss > 10), after less than a second"
    assert message["title"] == "told: metric"
    ex.run()
    assert len(service.messages) == 2, "once in each run"


def test_a_condition_is_told_while_the_run_goes_on(service):
    ex = experiment(notifier(service, on=(), when="isnan(loss)"))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 1.0)
        _run.log_scalar("loss", math.nan)
        assert service.arrived.wait(30)

    ex.run(beat_interval=0.01)
    assert "loss is nan at step 1 (isnan(loss))" in texts(service)[0]


def test_a_service_that_hangs_does_not_hold_up_the_beats(service, tmp_path):
    service.let_go.clear()
    ex = experiment(notifier(service, when="loss > 0"), FileStorageObserver(tmp_path / "runs", priority=5))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 1.0)
        assert service.arrived.wait(30)
        _run.add_artifact(__file__, "a.py")  # returns when the store has it
        assert Path(_run.dir, "a.py").exists()
        service.let_go.set()

    ex.run(beat_interval=0.01)
    assert [title.rpartition(" ")[2] for title in titles(service)] == ["metric", "completed"]


def test_without_a_run_metrics_come_as_sacred_sends_them(service):
    observer = notifier(service, when="loss != 1")
    observer.started_event(**START)
    metric = {"name": "loss", "steps": [0, 5], "values": [1, 2], "timestamps": [WHEN, WHEN]}
    observer.log_metrics(metrics_by_name={"loss": metric}, info={})
    observer.log_metrics(metrics_by_name={"loss": metric}, info={})
    observer.join()
    assert len(service.messages) == 1
    assert "loss is 2 at step 5" in texts(service)[0]


def test_a_metric_that_never_came_is_mentioned(service, caplog):
    ex = experiment(notifier(service, when=["val.los > 10", "loss > 5"]))

    @ex.main
    def main(_run):
        _run.log_scalar("val.loss", 1.0)
        _run.log_scalar("loss", 1.0)

    ex.run()
    assert "the run had no metric 'val.los'; did you mean 'val.loss'?" in caplog.text
    assert "no metric 'loss'" not in caplog.text


@pytest.mark.parametrize(
    ("text", "metric", "yes", "no"),
    [
        ("val.loss > 10", "val.loss", [10.5, math.inf], [10, 9, math.nan, "x", None]),
        ("a<1", "a", [0.5, -math.inf], [1]),
        ("a <= 1e-3", "a", [1e-3], [2e-3]),
        ("  val acc  >=  .99 ", "val acc", [0.99, 1], [0.9]),
        ("a == -1", "a", [-1, -1.0], [1]),
        ("a != 0", "a", [1, math.nan], [0, 0.0]),
        ("a > inf", "a", [], [1e308]),
        ("a == inf", "a", [math.inf], [1]),
        ("isnan(val.loss)", "val.loss", [math.nan], [1, math.inf, "nan", None]),
        ("isnan( a )", "a", [math.nan], [0]),
    ],
)
def test_conditions(text, metric, yes, no):
    (condition,) = parsed(text)
    assert condition.metric == metric
    assert [condition.holds(value) for value in yes] == [True] * len(yes)
    assert [condition.holds(value) for value in no] == [False] * len(no)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no comparison"),
        ("loss", "no comparison"),
        ("loss = 3", "loss == 3"),
        ("loss > ten", "'ten' is no number"),
        ("10 < loss", "the metric comes first"),
        ("0 < loss < 1", "no comparison"),
        ("loss > nan", "isnan(loss)"),
        ("isnan()", "no comparison"),
        ("loss >", "no comparison"),
        ("loss >> 3", "no comparison"),
        ("__import__('os').system('x')", "no comparison"),
        (5, "int"),
    ],
)
def test_a_condition_that_is_none_is_one_clear_error(service, text, says):
    with pytest.raises(UsageError) as caught:
        notifier(service, when=[text])
    assert says in str(caught.value)
    assert "val.loss > 10" in str(caught.value), "says how it is written"


# ------------------------------------------------------------------------------------------------- construction


def test_arguments(service):
    observer = NotifyObserver(url(service))
    assert observer.priority == DEFAULT_NOTIFY_PRIORITY == 10
    assert observer.on == ("failed", "interrupted", "completed")
    assert observer.when == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"urls": []}, "no URL"),
        ({"urls": "nonsense://SECRETSECRET"}, "nonsense://***"),
        ({"urls": "SECRETSECRET"}, "URL 1"),
        ({"urls": ["json://localhost", "discord://SECRETSECRET"]}, "URL 2"),
        ({"urls": [None]}, "URL 1"),
        ({"urls": "json://localhost", "on": "fail"}, "'failed'"),
        ({"urls": "json://localhost", "on": ["metric"]}, "when="),
    ],
)
def test_mistakes_are_told_at_once(arguments, says, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(UsageError) as caught:
        NotifyObserver(**arguments)
    assert says in str(caught.value)
    assert "SECRET" not in str(caught.value) + caplog.text


def test_from_config(tmp_path, service):
    settings = {
        "urls": [url(service)],
        "on": ["completed", "failed"],
        "failed_text": None,
        "when": ["a > 1"],
        "priority": 3,
    }
    (tmp_path / "notify.yaml").write_text(json.dumps(settings))
    for observer in (
        NotifyObserver.from_config(tmp_path / "notify.yaml"),
        NotifyObserver.from_text(str(tmp_path / "notify.yaml")),
    ):
        assert (observer.priority, observer.on, observer.failed_text) == (3, ("completed", "failed"), None)
        assert observer.completed_text is not None
        assert [condition.metric for condition in observer.when] == ["a"]
    with pytest.raises(ConfigFileError, match="urls"):
        (tmp_path / "notify.json").write_text('{"url": "x"}')
        NotifyObserver.from_config(tmp_path / "notify.json")


def test_from_text(service):
    NotifyObserver.from_text(url(service)).failed_event(fail_time=WHEN, fail_trace=["x"])
    assert len(service.messages) == 1


def test_without_apprise_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingExtraError, match=r"hallow\[notify\]"):
        NotifyObserver("json://localhost")


def test_apprise_is_imported_late(run_script):
    done = run_script(
        f"""
        import sys
        sys.path.insert(0, {SOURCE!r})
        import hallow.observers.notify.notify, hallow.observers.notify.slack, hallow.observers.notify.telegram
        print({{"apprise", "requests", "yaml", "socks", "asyncio"}} & set(sys.modules))
        """
    )
    assert done.out == "set()\n"


# ----------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("status", [200, 500])
def test_secrets_are_nowhere(service, tmp_path, caplog, status):
    """Not even where the libraries that are used log them."""
    service.answer = (status, "")
    observer = NotifyObserver(f"json://user:{'PASS' + SECRET[:9]}@127.0.0.1:{service.port}/{SECRET}", timeout=30)
    ex = experiment(FileStorageObserver(tmp_path / "runs"), observer)

    @ex.main
    def main(_run):
        print(_run.observers)
        return 42

    with caplog.at_level(logging.DEBUG):
        caplog.set_level(logging.DEBUG, "apprise")
        ex.run()
    ((path, headers, _),) = service.requests
    assert path == f"/{SECRET}"
    assert headers["Authorization"]
    assert leaks(SECRET, caplog.text, repr(observer), tmp_path / "runs") == []
    assert "PASS" not in caplog.text
    assert repr(observer) == "NotifyObserver(json://***)"
    assert ("did not take it" in caplog.text) == (status == 500)


def test_what_others_log_meanwhile_is_left_alone(service, caplog):
    """Only records of our own thread are held back."""
    service.let_go.clear()
    observer = notifier(service)
    observer.started_event(**START)
    ending = threading.Thread(target=observer.completed_event, kwargs={"stop_time": WHEN, "result": 1})
    ending.start()
    assert service.arrived.wait(30)
    logging.getLogger("apprise").warning("of somebody else")
    service.let_go.set()
    ending.join()
    assert "of somebody else" in caplog.text
    logging.getLogger("urllib3.connectionpool").warning("and later")
    assert "and later" in caplog.text


def test_a_script_that_is_interrupted_tells_it(service, run_script):
    done = run_script(
        f"""
        import os, signal, sys
        sys.path.insert(0, {SOURCE!r})
        from hallow import Experiment
        from hallow.observers.notify.notify import NotifyObserver
        ex = Experiment("script", save_git_info=False)
        ex.observers.append(NotifyObserver({url(service)!r}))
        @ex.automain
        def main():
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        """
    )
    assert done.code == 143, done.err
    assert texts(service) == ["script was interrupted (INTERRUPTED) after less than a second."]
