# $ resource with seed=1 -F runs
# $ opened with seed=1 -F runs
# observer-silent a file that is not there is an error in the user's code, not a silenced observer
#   0 - runs/1/cout.txt| (empty)
#   0 + runs/1/cout.txt| FileNotFoundError
#   1 - out| went on
#   1 + out| FileNotFoundError
#   0 - runs/2/run.json| fail_trace = ["Traceback (most recent call last):", "  File \"DIR/resources_missing.py\", line 18, in opened\n    ex.open_resource(\"nowhere.txt\")", "FileNotFoundError: [Errno 2] No such file or directory: 'DIR/nowhere.txt'"]
#   0 + runs/2/run.json| fail_trace = ["Traceback (most recent call last):", "  File \"DIR/resources_missing.py\", line 18, in opened\n    ex.open_resource(\"nowhere.txt\")", "FileNotFoundError: [Errno 2] there is no such file to add as resource: 'DIR/nowhere.txt'"]
# O-1 a failed event does not silence an observer
#   0 + runs/1/metrics.json|  = {}
#   0 - runs/1/run.json| heartbeat = null
#   0 + runs/1/run.json| heartbeat = "TIME"
#   0 + runs/2/metrics.json|  = {}
#   0 - runs/2/run.json| heartbeat = null
#   0 + runs/2/run.json| heartbeat = "TIME"
#   0 + runs/2/run.json| result = null
#   1 - log| WARNING - missing - An error ocurred in the '<LIBRARY.FileStorageObserver object at ADDRESS>' observer: [Errno 2] No such file or directory: 'DIR/nowhere.txt'
#   1 - log| WARNING - missing - The observer '<LIBRARY.FileStorageObserver object at ADDRESS>' failed at some point during the run.
#   2 - log| WARNING - missing - An error ocurred in the '<LIBRARY.FileStorageObserver object at ADDRESS>' observer: [Errno 2] No such file or directory: 'DIR/nowhere.txt'
#   2 - log| WARNING - missing - The observer '<LIBRARY.FileStorageObserver object at ADDRESS>' failed at some point during the run.
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("missing")


@ex.command
def resource():
    try:
        ex.add_resource("nowhere.txt")
        print("went on")
    except FileNotFoundError:
        print("FileNotFoundError")


@ex.command
def opened():
    ex.open_resource("nowhere.txt")


try:
    ex.add_resource("x.txt")
except AssertionError:
    print("AssertionError")
try:
    ex.log_scalar("a", 1)
except AttributeError:
    print("AttributeError")
try:
    ex.info
except AttributeError:
    print("AttributeError")
if __name__ == "__main__":
    ex.run_commandline()
