"""Goes on from its last checkpoint when it is resumed."""

import json
import os
import time
from pathlib import Path

from hallow import Experiment
from hallow.observers import FileStorageObserver

from kit import acknowledgements, line

ex = Experiment("resumed", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


@ex.config
def cfg():
    count = 60
    lr = 0.1


@ex.automain
def main(count, lr, seed, _run):
    acked = acknowledgements()
    begin = 0
    if _run.resumed:
        with _run.open_artifact("checkpoint.json") as file:
            begin = json.load(file)["done"]
    print(f"from {begin} with lr {lr} and seed {seed}")
    _run.info[f"from {begin}"] = True
    checkpoint = Path(os.environ["FAULTS_FOLDER"]) / "checkpoint.json"
    for number in range(begin, count):
        _run.log_scalar("number", number)
        print(line(number))
        acked[0] = number + 1
        time.sleep(0.01)
        if number % 10 == 9:
            checkpoint.write_text(json.dumps({"done": number + 1}))
            _run.add_artifact(checkpoint)
    return count
