"""The contract on folders."""

import json
import re
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from hallow import open_store
from hallow.observers import FileStorageObserver
from hallow.testing import Backend, BackendContract, RawRun, Traffic


class Raw(RawRun):
    def __init__(self, folder):
        self.folder = folder
        self.entry = json.loads((folder / "run.json").read_text())

    def status(self):
        return self.entry["status"]

    def output(self):
        return (self.folder / "cout.txt").read_bytes()

    def artifact(self, name):
        assert name in self.entry["artifacts"]
        return (self.folder / name).read_bytes()

    def resource(self, path):
        return Path(dict(self.entry["resources"])[path]).read_bytes()

    def source(self, path):
        return (self.folder.parent / dict(self.entry["experiment"]["sources"])[path]).read_bytes()

    def points(self, metric):
        return len(json.loads((self.folder / "metrics.json").read_text())[metric]["values"])


class Folder(Backend):
    cannot: ClassVar = {
        "reserved": "artifacts lie beside the files of the run, whose names are not theirs",
        "answers": "a write to a file has no answer that could be lost",
        "outage": "it is on this machine; full and missing disks have tests of their own in tests/faults",
    }

    def __init__(self, tmp_path):
        self.folder = tmp_path / "runs"
        self.folder.mkdir()

    def observer(self):
        return FileStorageObserver(self.folder)

    def code(self):
        return f"hallow.observers.FileStorageObserver({str(self.folder)!r})"

    def open(self):
        return open_store(self.folder)

    def raw(self, run_id):
        return Raw(self.folder / str(run_id))

    def _files(self):
        own = self.folder / ".hallow"
        return [path for path in self.folder.rglob("*") if path.is_file() and own not in path.parents]

    def contents(self):
        return sum(path.parent.name in ("_sources", "_resources") for path in self._files())

    def everything(self):
        return len(self._files())

    def damage(self, run_id):
        entry = self.folder / run_id / "run.json"
        entry.write_text(entry.read_text()[:100])

    def traffic(self):
        if sys.platform != "linux":
            pytest.skip("counted with the help of the kernel")
        counts = dict(re.findall(r"(\w+): (\d+)", Path("/proc/self/io").read_text()))
        return Traffic(int(counts["syscw"]), int(counts["wchar"]))


class TestFile(BackendContract):
    @pytest.fixture
    def backend(self, tmp_path):
        return Folder(tmp_path)
