"""The observer interface."""

import inspect
from datetime import timedelta

import pytest

import hallow.observers
from hallow.observers import RunObserver
from hallow.observers.base import accepted, td_format

EVENTS = {
    "queued_event": "ex_info command host_info queue_time config meta_info _id",
    "started_event": "ex_info command host_info start_time config meta_info _id",
    "heartbeat_event": "info captured_out beat_time result",
    "last_beat_event": "info captured_out beat_time result",
    "log_metrics": "metrics_by_name info",
    "resource_event": "filename",
    "artifact_event": "name filename metadata content_type",
    "completed_event": "stop_time result",
    "interrupted_event": "interrupt_time status",
    "failed_event": "fail_time fail_trace",
    "detail_event": "name detail",
    "join": "",
}


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_exists_with_its_keywords_and_does_nothing(event):
    method = getattr(RunObserver(), event)
    keywords = EVENTS[event].split()
    assert list(inspect.signature(method).parameters) == keywords
    assert method(**dict.fromkeys(keywords)) is None


def test_priority_is_zero():
    assert RunObserver.priority == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a second"),
        (0.9, "less than a second"),
        (1, "1 second"),
        (61, "1 minute, 1 second"),
        (3600 * 2, "2 hours"),
        (86400 * 365 + 86400 * 30 * 2 + 86400 + 3600 + 5, "1 year, 2 months, 1 day, 1 hour, 5 seconds"),
    ],
)
def test_td_format(seconds, text):
    assert td_format(timedelta(seconds=seconds)) == text


def test_accepted_tells_what_an_older_signature_takes():
    class Old:
        def heartbeat_event(self, info, captured_out, beat_time):
            pass

        def artifact_event(self, **kwargs):
            pass

        @staticmethod
        def log_metrics(metrics_by_name, *, info=None):
            pass

    assert accepted(Old().heartbeat_event) == {"info", "captured_out", "beat_time"}
    assert accepted(Old().artifact_event) is None
    assert accepted(Old().log_metrics) == {"metrics_by_name", "info"}


def test_public_names_are_loaded_on_first_use_and_unknown_ones_are_explained():
    assert set(hallow.observers.__all__) <= set(dir(hallow.observers))
    with pytest.raises(AttributeError, match="has no 'MongoObserverX'"):
        hallow.observers.MongoObserverX


def test_importing_observers_loads_no_back_end(run_script):
    done = run_script("""
        import sys, hallow.observers
        print([name for name in sys.modules if name.startswith("hallow.backends")])
        print(hallow.observers.FileStorageObserver.__name__)
    """)
    assert done.out.splitlines() == ["[]", "FileStorageObserver"], done.err
