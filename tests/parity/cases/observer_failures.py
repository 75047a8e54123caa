# $
# O-2 failed_event is not sent to an observer that refused the start
#   1 - out| event failed
# O-2 an observer whose start failed gets nothing more, not even join
#   1 - out| join
# O-1 what an observer missed is summed up, with its traceback
#   1 + log| ERROR - broken - The 'Broken(completed)' observer failed on the end of the run
#   1 - log| ERROR - broken - Traceback (most recent call last):
#   1 + err| Traceback (most recent call last):
#   1 + log| WARNING - broken - The observer 'Broken(completed)' failed at some point during the run.
#   1 + log| WARNING - broken - Not recorded by 'Broken(completed)': completed_event, 1 time(s), last error RuntimeError('broken completed')
from sacred import Experiment
from sacred.observers import RunObserver


class Broken(RunObserver):
    def __init__(self, event):
        self.event = event

    def __repr__(self):
        return f"Broken({self.event})"

    def _maybe(self, event):
        print("event", event)
        if event == self.event:
            raise RuntimeError("broken " + event)

    def started_event(self, **kwargs):
        self._maybe("started")

    def heartbeat_event(self, **kwargs):
        self._maybe("heartbeat")

    def completed_event(self, **kwargs):
        self._maybe("completed")

    def failed_event(self, **kwargs):
        self._maybe("failed")

    def resource_event(self, **kwargs):
        self._maybe("resource")

    def join(self):
        print("join")


for event in ("none", "started", "completed"):
    ex = Experiment("broken")
    ex.observers.append(Broken(event))

    @ex.main
    def main(_run):
        _run.add_resource(__file__)
        return 1

    try:
        run = ex.run(config_updates={"seed": 1}, options={"--capture": "no"})
        print(run.status)
    except RuntimeError as error:
        print(error, ex.current_run.status)
