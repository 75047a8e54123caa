"""A file store on a disk that can go away: it is away while the file ``<basedir>.away`` exists."""

import os
import time

from hallow.observers import FileStorageObserver


class MountedStore(FileStorageObserver):
    """Raises while its disk is away, or does not return at all if the file says ``block``."""

    #: As for a disk in another building: the journal is not to be there.
    journal_folder = None


def _checked(name: str):
    plain = getattr(FileStorageObserver, name)

    def event(self, *args, **kwargs):
        flag = f"{os.fspath(self.basedir)}.away"
        while os.path.exists(flag):
            with open(flag, encoding="utf-8") as file:
                if file.read() != "block":
                    raise OSError(f"the disk of {self.basedir} is away")
            time.sleep(0.02)
        return plain(self, *args, **kwargs)

    event.__name__ = name
    return event


_EVENTS = """
    started_event heartbeat_event last_beat_event log_metrics points_event output_event resource_event artifact_event
    detail_event completed_event interrupted_event failed_event reopen resumed_event
"""
for _name in _EVENTS.split():
    if hasattr(FileStorageObserver, _name):
        setattr(MountedStore, _name, _checked(_name))
