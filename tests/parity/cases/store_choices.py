# $ with seed=1
import os
import shutil
from pathlib import Path

from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver
from sacred.observers.file_storage import DEFAULT_FILE_STORAGE_PRIORITY

SETTINGS.CAPTURE_MODE = "no"
Path("data.txt").write_text("data")
first = FileStorageObserver(
    Path("first"), resource_dir=Path("kept/resources"), source_dir=Path("kept/sources"), priority=21
)
second = FileStorageObserver("second", copy_artifacts=False, copy_sources=False)
third = FileStorageObserver.create("third")
print(DEFAULT_FILE_STORAGE_PRIORITY, os.path.exists("second"), type(first.basedir).__name__)
try:
    FileStorageObserver("fourth", template="missing.html")
except FileNotFoundError:
    print("FileNotFoundError")
ex = Experiment("choices")
ex.observers += [first, second, third]


@ex.automain
def main(_run):
    _run.add_resource("data.txt")
    _run.add_artifact("data.txt", "copy.txt")
    for name, digest in _run.experiment_info["sources"]:
        third.save_file(name, f"source_{name}")
    shutil.rmtree("third/_sources")
    print(sorted(os.listdir(third.dir))[-1], third.dir.endswith("third/1"))
