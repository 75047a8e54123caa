"""Five runs of one experiment in five threads, each with a run inside; at the same time."""

import os
import threading

from hallow import Experiment
from hallow.observers import FileStorageObserver

COUNT = int(os.environ["FAULTS_COUNT"])
ex = Experiment("threads", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))
together = threading.Barrier(5)


@ex.config
def cfg():
    who = "nobody"


@ex.capture
def step(number, who, _run):
    _run.log_scalar(f"of {who}", number)
    print(f"{who} says {number}")


@ex.command
def inner(who):
    for number in range(COUNT):
        step(number)
    return who


@ex.command
def outer(who):
    together.wait(30)
    for number in range(COUNT):
        step(number)
        if number == COUNT // 2:
            ex.run("inner", {"who": f"inner {who}"})
    return who


failures = []


def start(number: int) -> None:
    try:
        assert ex.run("outer", {"who": f"outer {number}"}, options={"-b": 0.02}).result == f"outer {number}"
    except BaseException as error:
        failures.append(repr(error))


threads = [threading.Thread(target=start, args=(number,)) for number in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if failures:
    raise SystemExit("\n".join(failures))
