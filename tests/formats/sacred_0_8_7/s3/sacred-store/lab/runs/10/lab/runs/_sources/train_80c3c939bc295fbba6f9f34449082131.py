"""The experiment whose runs are recorded: it does what told.py has for the run in hand."""

import os
import signal
import time

from net import Schedule, forward
from sacred import Experiment
from sacred.utils import SacredInterrupt, TimeoutInterrupt
from told import RUNS

ex = Experiment("demo")


class Diverged(SacredInterrupt):
    """An end with a status of its own."""

    STATUS = "DIVERGED"


@ex.config
def base():
    """The common configuration."""
    case = "completed"
    lr = 0.01
    layers = [{"units": 16, "act": "relu"}, {"units": 4, "act": None}]
    window = (3, 5)
    limits = {"low": float("-inf"), "high": float("inf"), "unknown": float("nan"), "large": 2**53 + 1}
    labels = {0: "zero", 1: "one"}
    title = "Prüfung ☃ 🙂"
    debugging = False


@ex.named_config
def fast():
    """One change."""
    lr = 0.5


ex.add_named_config("objects", schedule=Schedule(RUNS["objects"]["scheduled"]))


def tell(run, told):
    """Everything but the end."""
    folder = getattr(run.observers[0], "dir", None)
    for name, content in told["beside"].items() if folder else ():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    for name in told["resources"]:
        run.open_resource(name).close()
    for name, artifact in told["artifacts"].items():
        with open(os.path.join("made", name), "wb") as file:
            file.write(artifact["content"])
        run.add_artifact(
            os.path.join("made", name), name, metadata=artifact["metadata"], content_type=artifact["content_type"]
        )
    log(run, told["metrics"])
    run.info.update(told["info"])
    if told["printed"]:
        print(told["printed"], end="", flush=True)
        # What is printed in the last moments of a run may be lost; a beat brings it home.
        time.sleep(1)


def log(run, metrics):
    """Every point with its step."""
    for name, points in metrics.items():
        for step, value in points:
            run.log_scalar(name, value, step)


def end(run, case, told):
    """Leave in the way the case has."""
    log(run, told["lost"].get("metrics", {}))
    print(told["lost"].get("printed", ""), end="", flush=True)
    if case == "failed":
        forward(0)
    if case == "interrupted":
        run.result = told["result"]
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
    if case == "timeout":
        raise TimeoutInterrupt
    if case == "custom_status":
        raise Diverged
    if case == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


@ex.command
def evaluate(_run, case):
    """A command other than main."""
    told = RUNS[case]
    tell(_run, told)
    return told["result"]


@ex.automain
def main(_run, case, schedule=None):
    """Tell what the case has and return its result."""
    told = RUNS[case]
    result = told["result"]
    if told["values"]:
        info, result = told["values"]()
        _run.info.update(info)
    tell(_run, told)
    end(_run, case, told)
    return result
