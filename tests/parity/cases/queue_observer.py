# $ with seed=1
# $ fails with seed=1
# new the covered observer is joined as well
#   1 + out| join
#   2 + out| join
from sacred import Experiment
from sacred.observers import QueueObserver, RunObserver


class Slow(RunObserver):
    priority = 7
    word = "covered"

    def started_event(self, **kwargs):
        print("started", kwargs["_id"])
        return "chosen"

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        print("artifact", name)

    def heartbeat_event(self, info, captured_out, beat_time, result):
        print("heartbeat", info, result)

    def log_metrics(self, *args, **kwargs):
        pass

    def completed_event(self, stop_time, result):
        print("completed", result)

    def failed_event(self, fail_time, fail_trace):
        print("failed", fail_trace[-1].strip())

    def join(self):
        print("join")


ex = Experiment("queue")
observer = QueueObserver(Slow(), interval=0.02, retry_interval=0.02)
print(observer.word, observer == observer)
ex.observers.append(observer)


@ex.command
def fails():
    raise ValueError("wanted")


@ex.automain
def main(_run):
    print(_run._id)
    with open("a.txt", "w") as file:
        file.write("a")
    _run.add_artifact("a.txt")
    return 3
