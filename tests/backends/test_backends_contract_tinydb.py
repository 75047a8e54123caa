"""The contract on folders that TinyDB knows."""

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from hallow import open_store
from hallow.observers import TinyDbObserver
from hallow.testing import Backend, BackendContract, RawRun, Traffic


class Raw(RawRun):
    """What TinyDB's file has, and beside it what that has no place for."""

    def __init__(self, root, run_id):
        self.root = root
        runs = json.loads((root / "metadata.json").read_text())["runs"].values()
        (self.document,) = [document for document in runs if str(document["_id"]) == str(run_id)]
        self.folder = root / ".hallow" / "runs" / str(run_id)

    def status(self):
        return self.document["status"]

    def output(self):
        output = (self.folder / "output.txt").read_bytes()
        assert self.document["captured_out"] == output.decode()
        return output

    def _content(self, digest):
        return (self.root / "hashfs" / digest[:2] / digest[2:4] / digest[4:6] / digest[6:]).read_bytes()

    def artifact(self, name):
        return self._content(next(entry[2] for entry in self.document["artifacts"] if entry[0] == name))

    def resource(self, path):
        return self._content(next(entry[1] for entry in self.document["resources"] if entry[0] == path))

    def source(self, path):
        return self._content(next(entry[1] for entry in self.document["experiment"]["sources"] if entry[0] == path))

    def points(self, metric):
        lines = [json.loads(line) for line in (self.folder / "metrics.jsonl").read_text().splitlines()]
        return sum(len(entry[2]) for line in lines for entry in line["points"] if entry[0] == metric)


class Folder(Backend):
    cannot = {} if sys.platform == "linux" else {"traffic": "counted with the help of the kernel"}

    def __init__(self, tmp_path):
        self.root = tmp_path / "runs_db"
        self.observer()

    def observer(self):
        return TinyDbObserver(self.root)

    def code(self):
        return f"hallow.observers.TinyDbObserver({str(self.root)!r})"

    def open(self):
        return open_store(f"tinydb:{self.root}")

    def raw(self, run_id):
        return Raw(self.root, run_id)

    def contents(self):
        return sum(path.is_file() for path in (self.root / "hashfs").rglob("*"))

    def everything(self):
        documents = self.root / "metadata.json"
        runs = json.loads(documents.read_text())["runs"] if documents.exists() else {}
        folders = (self.root / ".hallow" / "runs").rglob("*")
        return self.contents() + len(runs) + sum(path.is_file() for path in folders)

    def damage(self, run_id):
        document = self.root / ".hallow" / "runs" / run_id / "document.json"
        document.write_text(document.read_text()[:100])

    def traffic(self):
        counts = dict(re.findall(r"(\w+): (\d+)", Path("/proc/self/io").read_text()))
        return Traffic(int(counts["syscw"]), int(counts["wchar"]))

    @contextmanager
    def outage(self):
        """As when a disk is taken off."""
        away = self.root.with_name("away")
        os.rename(self.root, away)
        try:
            yield
        finally:
            assert not self.root.exists()
            os.rename(away, self.root)


class TestTinyDb(BackendContract):
    @pytest.fixture
    def backend(self, tmp_path):
        return Folder(tmp_path)
