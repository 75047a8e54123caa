# $ heartbeat with seed=1
# $ artifact with seed=1
# $ resource with seed=1
# $ completed with seed=1
# $ joined with seed=1
# O-1 an observer that failed once gets what follows; what it misses is told at the end
#   1 + out| event joined
#   1 + err| Traceback (most recent call last):
#   1 + err| line 22 in heartbeat_event
#   1 + err| line 19 in event
#   1 + log| WARNING - failing - Not recorded by 'failing': heartbeat_event, 1 time(s), last error ObserverError('no heartbeat')
#   1 + log| ERROR - failing - The observer 'failing' does not have everything. What is missing is kept: hallow recover JOURNAL
#   2 + out| event artifact
#   2 + out| event resource
#   2 + out| event heartbeat
#   2 + out| event joined
#   2 + err| Traceback (most recent call last):
#   2 + err| line 25 in artifact_event
#   2 + err| line 19 in event
#   2 + log| WARNING - failing - Not recorded by 'failing': artifact_event, 1 time(s), last error ObserverError('no artifact')
#   2 + log| ERROR - failing - The observer 'failing' does not have everything. What is missing is kept: hallow recover JOURNAL
#   3 + out| event resource
#   3 + out| event heartbeat
#   3 + out| event joined
#   3 + err| Traceback (most recent call last):
#   3 + err| line 28 in resource_event
#   3 + err| line 19 in event
#   3 + log| WARNING - failing - Not recorded by 'failing': resource_event, 1 time(s), last error ObserverError('no resource')
#   3 + log| ERROR - failing - The observer 'failing' does not have everything. What is missing is kept: hallow recover JOURNAL
#   4 + log| ERROR - failing - The 'failing' observer failed on the end of the run
#   4 - log| ERROR - failing - Traceback (most recent call last):
#   4 + err| Traceback (most recent call last):
#   4 + log| WARNING - failing - The observer 'failing' failed at some point during the run.
#   4 + log| WARNING - failing - Not recorded by 'failing': completed_event, 1 time(s), last error ObserverError('no completed')
#   5 + err| Traceback (most recent call last):
#   5 + err| line 34 in join
#   5 + err| line 19 in event
#   5 + log| WARNING - failing - The observer 'failing' failed at some point during the run.
#   5 + log| WARNING - failing - Not recorded by 'failing': join, 1 time(s), last error ObserverError('no joined')
import sys

from sacred import Experiment
from sacred.observers import RunObserver
from sacred.utils import ObserverError

wanted = sys.argv[1]


class Failing(RunObserver):
    def __str__(self):
        return "failing"

    __repr__ = __str__

    def event(self, name):
        print("event", name)
        if name == wanted:
            raise ObserverError(f"no {name}")

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.event("heartbeat")

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        self.event("artifact")

    def resource_event(self, filename):
        self.event("resource")

    def completed_event(self, stop_time, result):
        self.event("completed")

    def join(self):
        self.event("joined")


ex = Experiment("failing")
ex.observers.append(Failing())


@ex.main
def main(_run):
    with open("a.txt", "w") as file:
        file.write("a")
    _run.add_artifact("a.txt")
    _run.add_resource("a.txt")
    print("went on")


for name in ("heartbeat", "artifact", "resource", "completed", "joined"):
    ex.commands[name] = main
if __name__ == "__main__":
    ex.run_commandline()
