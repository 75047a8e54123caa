# $ reserved with seed=1 -F runs
# $ missing with seed=1 -F runs
# $ deep with seed=1 -F runs
# O-1 a refused artifact does not silence an observer; what is missing is told at the end
#   0 + runs/1/after.txt| text
#   0 + runs/1/metrics.json|  = {}
#   0 - runs/1/run.json| artifacts = []
#   0 + runs/1/run.json| artifacts = ["after.txt"]
#   0 - runs/1/run.json| heartbeat = null
#   0 + runs/1/run.json| heartbeat = "TIME"
#   1 - log| WARNING - refused - An error ocurred in the '<LIBRARY.FileStorageObserver object at ADDRESS>' observer: You are trying to overwrite a file necessary for the FileStorageObserver. The list of blacklisted files is: ['runs/1/run.json', 'runs/1/config.json', 'runs/1/cout.txt', 'runs/1/metrics.json']
#   1 + log| WARNING - refused - An error ocurred in the 'FileStorageObserver('runs')' observer: an artifact cannot be called 'run.json': the store needs that name itself. Its files are run.json, config.json, cout.txt, metrics.json, info.json, .hallow; give the artifact another name
#   1 - log| WARNING - refused - The observer '<LIBRARY.FileStorageObserver object at ADDRESS>' failed at some point during the run.
#   1 + log| WARNING - refused - The observer 'FileStorageObserver('runs')' failed at some point during the run.
#   1 + log| WARNING - refused - Not recorded by 'FileStorageObserver('runs')': artifact_event, 1 time(s), last error ArtifactNameError("an artifact cannot be called 'run.json': the store needs that name itself. Its files are run.json, config.json, cout.txt, metrics.json, info.json, .hallow; give the artifact another name")
#   1 + log| ERROR - refused - The observer 'FileStorageObserver('runs')' does not have everything. What is missing is kept: hallow recover JOURNAL
# observer-silent a file that is not there is an error in the user's code, not a silenced observer
#   0 + runs/2/metrics.json|  = {}
#   0 - runs/2/run.json| heartbeat = null
#   0 + runs/2/run.json| heartbeat = "TIME"
#   0 - runs/2/run.json| status = "COMPLETED"
#   0 + runs/2/run.json| status = "FAILED"
#   2 - exit 0
#   2 + exit 1
#   2 + error| FileNotFoundError
#   2 - log| WARNING - refused - An error ocurred in the '<LIBRARY.FileStorageObserver object at ADDRESS>' observer: [Errno 2] No such file or directory: 'DIR/nowhere.txt'
#   2 - log| INFO - refused - Completed after H:MM:SS
#   2 + log| ERROR - refused - Failed after H:MM:SS!
#   2 - log| WARNING - refused - The observer '<LIBRARY.FileStorageObserver object at ADDRESS>' failed at some point during the run.
#   0 + runs/2/run.json| fail_trace = ["Traceback (most recent call last):", "  File \"DIR/artifacts_refused.py\", line 22, in missing\n    ex.add_artifact(\"nowhere.txt\")", "FileNotFoundError: [Errno 2] there is no such file to add as artifact: 'DIR/nowhere.txt'"]
# O-14 an artifact's name may have folders
#   0 + runs/3/metrics.json|  = {}
#   0 - runs/3/run.json| artifacts = []
#   0 + runs/3/run.json| artifacts = ["sub/a.txt"]
#   0 - runs/3/run.json| heartbeat = null
#   0 + runs/3/run.json| heartbeat = "TIME"
#   0 + runs/3/sub/a.txt| text
#   3 - log| WARNING - refused - An error ocurred in the '<LIBRARY.FileStorageObserver object at ADDRESS>' observer: [Errno 2] No such file or directory: 'runs/3/sub/a.txt'
#   3 - log| WARNING - refused - The observer '<LIBRARY.FileStorageObserver object at ADDRESS>' failed at some point during the run.
from pathlib import Path

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("refused")


def made(name):
    Path(name).write_text("text")
    return name


@ex.command
def reserved(_run):
    ex.add_artifact(made("a.txt"), name="run.json")
    ex.add_artifact(made("after.txt"))


@ex.command
def missing():
    ex.add_artifact("nowhere.txt")


@ex.command
def deep():
    ex.add_artifact(made("a.txt"), name="sub/a.txt")


if __name__ == "__main__":
    ex.run_commandline()
