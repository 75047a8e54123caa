# $ with seed=1 -F runs
import json

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("running")


@ex.automain
def main(_run):
    entry = json.load(open(_run.observers[0].dir + "/run.json"))
    print(sorted(entry), entry["status"], entry["heartbeat"], entry["artifacts"], entry["resources"])
    print(_run.status, _run.start_time is not None, _run.stop_time, _run.result, _run.captured_out)
    print(_run.observers[0].run_entry["status"], json.load(open(_run.observers[0].dir + "/config.json")))
