# $
# text the class is called RunInterrupt; Sacred's name leads to it
#   1 - out| SacredInterrupt INTERRUPTED True
#   1 + out| RunInterrupt INTERRUPTED True
from sacred import Experiment
from sacred.observers import RunObserver
from sacred.utils import SacredInterrupt, TimeoutInterrupt


class Paused(SacredInterrupt):
    STATUS = "PAUSED"


class Deeper(Paused):
    pass


class Watcher(RunObserver):
    def interrupted_event(self, interrupt_time, status):
        print("interrupted", status)

    def failed_event(self, fail_time, fail_trace):
        print("failed", fail_trace[-1].strip())

    def completed_event(self, stop_time, result):
        print("completed", result)


ex = Experiment("interrupts")
ex.observers.append(Watcher())
kinds = {
    kind.__name__: kind
    for kind in (SacredInterrupt, TimeoutInterrupt, Paused, Deeper, KeyboardInterrupt, GeneratorExit)
}


@ex.main
def main(kind):
    raise kinds[kind]("why")


@ex.post_run_hook
def after(kind):
    print("never printed")


for name in kinds:
    try:
        ex.run(config_updates={"seed": 1, "kind": name}, options={"--force": True})
    except BaseException as error:
        print(type(error).__name__, ex.current_run.status, ex.current_run.fail_trace is None)
