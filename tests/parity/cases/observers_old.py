# $ with seed=1
# O-1 an observer with an older signature gets the arguments that it takes
#   1 + out| artifact a.txt
#   1 + out| heartbeat {'k': 1}
#   1 - log| WARNING - old - An error ocurred in the '<__main__.Old object at ADDRESS>' observer: Old.artifact_event() got an unexpected keyword argument 'metadata'
#   1 - log| WARNING - old - The observer '<__main__.Old object at ADDRESS>' failed at some point during the run.
from sacred import Experiment
from sacred.observers import RunObserver


class Old(RunObserver):
    """Written for an older version: without the newer arguments."""

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        print("started", command, _id)

    def heartbeat_event(self, info, captured_out, beat_time):
        print("heartbeat", info)

    def artifact_event(self, name, filename):
        print("artifact", name)


class Bare:
    """No base class at all."""

    priority = 3

    def started_event(self, **kwargs):
        print("bare started", sorted(kwargs))
        return "from-bare"

    def heartbeat_event(self, **kwargs):
        print("bare heartbeat", sorted(kwargs))

    def log_metrics(self, **kwargs):
        print("bare metrics", sorted(kwargs))

    def artifact_event(self, **kwargs):
        print("bare artifact", sorted(kwargs))

    def resource_event(self, **kwargs):
        print("bare resource", sorted(kwargs))

    def completed_event(self, **kwargs):
        print("bare completed", sorted(kwargs))

    def join(self):
        print("bare join")


ex = Experiment("old")
ex.observers.append(Old())
ex.observers.append(Bare())


@ex.automain
def main(_run):
    _run.info["k"] = 1
    with open("a.txt", "w") as file:
        file.write("a")
    _run.add_artifact("a.txt")
    _run.add_resource("a.txt")
