"""What each run of the fixtures tells the experiment library: the one source of the runs and of expected.json.

``RUNS`` has one entry per run. Its keys:

- ``script, command, arguments``: the command line, ``python SCRIPT [COMMAND] ARGUMENTS``, without the store;
- ``experiment``: the name of the experiment; ``sources``: the files that are recorded as its sources;
- ``status``: as stored at the end; ``config``: the whole resolved configuration, ``seed`` included;
- ``named_configs``, ``config_updates``, ``comment``, ``priority``: as stored in ``meta``;
- ``fails_with``: the last line of the trace;
- ``printed``: the text main prints, in one piece; ``info``; ``result``;
- ``metrics``: points ``(step, value)`` per name;
- ``lost``: text and metrics of the moments before the end, which Sacred's stores do not have;
- ``artifacts``: name -> bytes, ``metadata`` and ``content_type`` given; ``resources``: file name -> bytes;
- ``values``: a function that makes ``info`` and ``result`` where they need numpy, pandas or the project's classes;
- ``scheduled``: the rates of the object ``schedule`` in the configuration;
- ``beside``: files the script itself put into its run's folder, where the store has folders (path -> bytes).
"""

from math import inf, nan

SEED = 271828
RAMP = [[float(10 * row + column) for column in range(8)] for row in range(5)]
SHARED = ["met", "twice"]
LINES = "training 'größe ☃ 你好 🙂'\n\tepoch one\n"
PROGRESS = "\r 0%|          |\r 50%|█████     |\r100%|██████████|\n"
DATA = b"x,y\n1,2\n3,4\n"
BINARY = bytes(range(256))


def base(**changed):
    """The configuration of train.py, with changes."""
    return {
        "__doc__": "The common configuration.",
        "case": "completed",
        "lr": 0.01,
        "layers": [{"units": 16, "act": "relu"}, {"units": 4, "act": None}],
        "window": [3, 5],
        "limits": {"low": -inf, "high": inf, "unknown": nan, "large": 2**53 + 1},
        "labels": {0: "zero", 1: "one"},
        "title": "Prüfung ☃ 🙂",
        "debugging": False,
        "seed": SEED,
        **changed,
    }


def arrays():
    """Info of numpy arrays: up to 16 elements, more, none, several kinds; the result is a numpy number."""
    import numpy as np

    info = {
        "small": np.array([[1.5, 2.5], [3.5, nan]], dtype="float32"),
        "whole": np.arange(4, dtype="int64"),
        "large": np.array(RAMP),
        "bytes": np.arange(17, dtype="uint8"),
        "flags": np.array([True, False]),
        "none": np.zeros((0, 3)),
        "scalar": np.float64(0.25),
    }
    return info, np.float64(0.875)


def frames():
    """Info of pandas tables."""
    import pandas as pd

    frame = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.5, nan, 0.25], "name": ["a", "b", "ü"]}, index=[10, 20, 30])
    series = pd.Series([0.5, 0.25], index=["train", "valid"], name="loss")
    return {"frame": frame, "series": series}, 0.5


def scalars():
    """Numpy numbers that are no Python numbers."""
    import numpy as np

    return {"whole": np.int64(3), "flag": np.bool_(True), "half": np.float16(0.5)}, np.float32(0.25)


def objects():
    """Info and result of kinds JSON does not know: they name classes of the project and of the standard library."""
    from collections import OrderedDict
    from datetime import datetime, timedelta
    from decimal import Decimal
    from pathlib import PurePosixPath
    from uuid import UUID

    from net import Schedule, Size, forward

    info = {
        "set": {1},
        "bytes": b"\x00\xff",
        "complex": 1 + 2j,
        "keys": {(1, 2): "tuple", 3: "int", None: "none", 0.5: "float", True: "bool", "text": "text"},
        "when": datetime(2020, 2, 29, 12, 30, 15, 250),
        "path": PurePosixPath("a/b"),
        "decimal": Decimal("1.50"),
        "duration": timedelta(seconds=90),
        "ordered": OrderedDict(b=1, a=2),
        "uuid": UUID(int=5),
        "class": Schedule,
        "function": forward,
        "named": Size(2, 3),
        "object": Schedule([0.1, 0.2]),
    }
    return info, Schedule([0.3])


TRAIN = ["net.py", "train.py"]
PLAIN = {"script": "train.py", "command": "main", "experiment": "demo", "sources": TRAIN, "status": "COMPLETED"}


def train(case, status, **more):
    """An entry of ``RUNS`` for main of train.py."""
    updates = {"case": case, "seed": SEED}
    arguments = ["with", f"case={case}", f"seed={SEED}"]
    more = {"config_updates": updates, "config": base(case=case), "arguments": arguments, **more}
    return {**PLAIN, "status": status, **more}


RUNS = {
    "completed": {
        **PLAIN,
        "arguments": [
            "--comment",
            "a first try ☃",
            "--priority",
            "2.5",
            "with",
            "fast",
            "layers=[{'units': 8, 'act': 'tanh'}]",
            "limits.low=-1",
            f"seed={SEED}",
        ],
        "named_configs": ["fast"],
        "config_updates": {"layers": [{"units": 8, "act": "tanh"}], "limits": {"low": -1}, "seed": SEED},
        "comment": "a first try ☃",
        "priority": 2.5,
        "config": base(
            __doc__="One change.",
            lr=0.5,
            layers=[{"units": 8, "act": "tanh"}],
            limits={"low": -1, "high": inf, "unknown": nan, "large": 2**53 + 1},
        ),
        "printed": LINES + PROGRESS,
        "info": {
            "note": "ünïcode ☃",
            "counts": {1: "one", 2: "two"},
            "pair": (1, 2),
            "empty": {},
            "flag": True,
            "nothing": None,
            "unknown": nan,
            "nested": {"a": [1, [2, [3]]]},
            "left": SHARED,
            "right": SHARED,
        },
        "result": 0.875,
        "metrics": {
            "train.loss": [(0, 0.5), (1, nan), (10, inf), (11, -inf), (12, 0.125)],
            "val.acc.top 1": [(0, 1), (5, 2)],
            "lr": [(0.5, 1e-3), (1.5, 1e-4)],
            "größe": [(3, 2**40)],
        },
        "artifacts": {
            "notes.txt": {"content": "größe ☃\n".encode(), "metadata": {"round": 1}, "content_type": None},
            "weights.bin": {"content": BINARY, "metadata": None, "content_type": "application/x-weights"},
            "no suffix": {"content": b"", "metadata": None, "content_type": None},
        },
        "resources": {"data.csv": DATA},
        "beside": {"checkpoints/epoch1.txt": b"1\n", "extra.log": b"put here by the script\n"},
    },
    "failed": train(
        "failed",
        "FAILED",
        printed="before\n",
        metrics={"loss": [(0, 1.0)]},
        info={"reached": 1},
        fails_with="ValueError: cannot step to 0: größe ☃\n",
    ),
    "interrupted": train("interrupted", "INTERRUPTED", printed="waiting\n", metrics={"loss": [(0, 1.0)]}, result=0.25),
    "timeout": train("timeout", "TIMEOUT", printed="slow\n"),
    "queued": train("queued", "QUEUED"),
    "killed": train(
        "killed",
        "RUNNING",
        printed="still here\n",
        metrics={"loss": [(0, 1.0), (1, 0.5)]},
        info={"reached": 2},
        artifacts={"early.txt": {"content": b"saved early\n", "metadata": None, "content_type": None}},
        lost={"printed": "never stored\n", "metrics": {"loss": [(2, 0.25)]}},
    ),
    "arrays": train("arrays", "COMPLETED", values=arrays),
    "frames": train("frames", "COMPLETED", values=frames),
    "scalars": train("scalars", "COMPLETED", values=scalars),
    "objects": {
        **train("objects", "COMPLETED", values=objects),
        "arguments": ["with", "objects", "case=objects", f"seed={SEED}"],
        "named_configs": ["objects"],
        "scheduled": [0.5, 0.25],
    },
    "structured": train(
        "structured",
        "COMPLETED",
        result={"best": {"epoch": 3, "accuracy": 0.75}, "tags": ["a", "ü"], "ratio": (1, 2)},
    ),
    "worded": train("worded", "COMPLETED", result="text: ü ☃"),
    "empty": train("empty", "COMPLETED"),
    "nested": {
        "script": "nested.py",
        "command": "main",
        "experiment": "nested",
        "arguments": ["with", "data.paths.root=/data/ü", "data.size=3", f"seed={SEED}"],
        "sources": ["nested.py", "parts/__init__.py", "parts/reading.py"],
        "status": "COMPLETED",
        "config_updates": {"data": {"paths": {"root": "/data/ü"}, "size": 3}, "seed": SEED},
        "config": {
            "data": {
                "size": 3,
                "paths": {"root": "/data/ü", "deep": {"er": {"est": [1, {"x": None}]}}, "seed": 5},
                "seed": 4,
            },
            "rate": 0.5,
            "seed": SEED,
        },
        "printed": "3 from /data/ü\n",
        "info": {"size": 3},
        "result": 3,
    },
    "custom_status": train("custom_status", "DIVERGED", metrics={"loss": [(0, inf)]}, lost={"printed": "diverging\n"}),
    # The last one: MongoDB numbers no run after one whose id is a text.
    "evaluated": {
        **PLAIN,
        "command": "evaluate",
        "arguments": ["--id", "trial-ü 1", "with", "case=evaluated", f"seed={SEED}"],
        "id": "trial-ü 1",
        "config_updates": {"case": "evaluated", "seed": SEED},
        "config": base(case="evaluated"),
        "printed": "evaluating\n",
        "info": {"evaluated": [1, 2]},
        "result": 0.5,
        "metrics": {"accuracy": [(0, 0.5)]},
        "resources": {"data.csv": DATA},
    },
}
NONE = {
    "printed": "",
    "info": {},
    "result": None,
    "metrics": {},
    "artifacts": {},
    "resources": {},
    "beside": {},
    "lost": {},
    "named_configs": [],
    "values": None,
    "comment": None,
    "priority": None,
    "fails_with": None,
    "scheduled": None,
}
RUNS = {key: {**NONE, **run} for key, run in RUNS.items()}
