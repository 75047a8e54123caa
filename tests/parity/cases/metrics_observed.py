# $ with seed=1
from sacred import Experiment
from sacred.observers import RunObserver


class Watcher(RunObserver):
    def log_metrics(self, metrics_by_name, info):
        for name, metric in metrics_by_name.items():
            kinds = {type(time).__name__ for time in metric["timestamps"]}
            print(name, metric["name"], metric["steps"], metric["values"], kinds, sorted(metric))
        print("info", info)


ex = Experiment("watched")
ex.observers.append(Watcher())


@ex.automain
def main(_run):
    _run.info["k"] = [1]
    for value in range(3):
        _run.log_scalar("b", value)
        _run.log_scalar("a", value / 2, step=10 * value)
