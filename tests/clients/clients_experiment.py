"""An experiment whose runs have everything that outside clients look at."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from hallow import Experiment
from hallow.observers import RunObserver
from hallow.utils import SacredInterrupt

#: Points of a long curve, more than a metric document of MongoDB holds (2**14).
MANY = 40_000
#: Lines of long output, more bytes than a run document of MongoDB shows (2**17).
LINES = 30_000

#: Of :func:`record_runs`: ids of the runs that were started, and of the one that waits.
STARTED, QUEUED = (1, 2, 4, 5), 3

NETWORK = {"layers": [64, 10], "activation": "relu"}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def _png() -> bytes:
    """One red pixel."""
    head = _chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + _chunk(b"IEND", b"")


#: Artifact -> its content.
FILES = {
    "plot.png": _png(),
    "photo.jpg": b"\xff\xd8\xff\xe0 no real photo",
    "table.csv": b"epoch,loss\n0,1.0\n1,0.5\n",
    "clip.mp4": b"\0\0\0\x18ftypmp42 no real film",
    "paper.pdf": b"%PDF-1.4\n%%EOF\n",
    "model.pickle": pickle.dumps({"weights": [0.25, 0.5]}),
    "report.html": b"<h1>report</h1>",
    "notes.txt": "größer\n".encode(),
    "big.bin": bytes(range(256)) * 2048,  # of several GridFS chunks
}


class Rescheduled(SacredInterrupt):
    """The interrupt of a scheduler that wants the run to be started again."""

    STATUS = "PENDING"


def training(folder: Path, *observers: RunObserver) -> Experiment:
    """The experiment; its files are made in ``folder``."""
    ex = Experiment("digits")
    ex.observers += observers
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "data.csv").write_bytes(b"1,2\n")

    @ex.config
    def cfg():
        lr = 0.1
        net = NETWORK
        tags = ["baseline", "small"]
        steps = 10

    @ex.main
    def main(_run, steps):
        _run.open_resource(folder / "data.csv").close()
        for step in range(steps):
            _run.log_scalar("train.loss", 1 / (step + 1), step)
            _run.log_scalar("acc", step / steps, 10 * step)
        for name in FILES:
            _run.add_artifact(folder / name)
        _run.info["best"] = {"epoch": 9, "classes": ["a", "b"]}
        print("trained")
        return 0.875

    @ex.command
    def fail(_run):
        _run.log_scalar("train.loss", float("nan"))
        print("about to fail")
        raise ValueError("no such data")

    @ex.command
    def reschedule():
        raise Rescheduled

    @ex.command
    def long(_run):
        for step in range(MANY):
            _run.log_scalar("train.loss", step / 2, step)
        for line in range(LINES):
            print(f"line {line}")

    return ex


def record_runs(ex: Experiment) -> None:
    """Runs 1 to 5: completed, failed, queued, rescheduled, long."""
    ex.run(config_updates={"lr": 0.5}, comment="the first")
    with pytest.raises(ValueError, match="no such data"):
        ex.run("fail")
    ex.run(queue=True)
    with pytest.raises(Rescheduled):
        ex.run("reschedule")
    ex.run("long")


def document(mongo: Any, number: int) -> Any:
    """The document of a run, as the driver gives it."""
    return mongo.database.runs.find_one({"_id": number})
