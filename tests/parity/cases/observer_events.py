from sacred import Experiment
from sacred.observers import RunObserver


class Recorder(RunObserver):
    def __init__(self, word, priority):
        self.word = word
        self.priority = priority

    def show(self, event, *facts):
        print(f"[{self.word}] {event}", *facts)

    def queued_event(self, ex_info, command, host_info, queue_time, config, meta_info, _id):
        self.show("queued", ex_info["name"], command, config, _id)

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self.show("started", ex_info["name"], sorted(ex_info), command, config, sorted(meta_info), _id)
        self.show("sources", [name for name, digest in ex_info["sources"]], ex_info["mainfile"])
        return 42 if self.priority > 1 else None

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.show("heartbeat", info, repr(captured_out), result)

    def completed_event(self, stop_time, result):
        self.show("completed", result)

    def interrupted_event(self, interrupt_time, status):
        self.show("interrupted", status)

    def failed_event(self, fail_time, fail_trace):
        self.show("failed", fail_trace[0].strip(), fail_trace[-1].strip())

    def resource_event(self, filename):
        self.show("resource", filename.rpartition("/")[2])

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        self.show("artifact", name, filename.rpartition("/")[2], metadata, content_type)

    def log_metrics(self, metrics_by_name, info):
        shown = {k: {p: v for p, v in m.items() if p != "timestamps"} for k, m in metrics_by_name.items()}
        self.show("metrics", shown, info)

    def join(self):
        self.show("join")


ex = Experiment("events")
ex.observers.append(Recorder("low", 1))
ex.observers.append(Recorder("high", 5))
ex.add_config(a=1)


@ex.main
def main(a, _run):
    _run.info["k"] = 1
    _run.log_scalar("m", 1.0)
    with open("made.txt", "w") as file:
        file.write("x")
    _run.add_artifact("made.txt", "renamed.txt", {"m": 1}, "text/plain")
    _run.add_resource("made.txt")
    return a


@ex.command(prefix="sub")
def bar():
    raise ValueError("wanted")


@ex.command
def stop():
    from sacred.utils import SacredInterrupt

    class Enough(SacredInterrupt):
        STATUS = "ENOUGH"

    raise Enough()


def go(*args, **options):
    try:
        run = ex.run(*args, config_updates={"seed": 1}, options={"--capture": "no", **options})
        print(run.status, run._id)
    except Exception as error:
        print(type(error).__name__, ex.current_run.status)


go()
go("bar")
go("stop")
go(**{"--queue": True})
go(**{"--id": "given"})
go("print_config")
