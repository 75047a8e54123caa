# $ with seed=1 -F runs
# $ twice with seed=1 -F runs
# $ by_hand with seed=1 -F runs
# artifact-names a second artifact of the same name does not replace the first
#   0 - runs/2/run.json| artifacts = ["same.txt", "same.txt"]
#   0 + runs/2/run.json| artifacts = ["same.txt", "same.2.txt"]
#   0 - runs/2/same.txt| second
#   0 + runs/2/same.2.txt| second
#   0 + runs/2/same.txt| first
#   2 - out| second
#   2 + out| first
# O-14 an artifact without a name has that of its file
#   0 - runs/3/run.json| artifacts = [null]
#   0 + runs/3/run.json| artifacts = ["direct.txt"]
# new a run's folder has a folder .hallow for facts that Sacred's files have no place for
#   1 + out| ['.hallow', 'c.csv', 'config.json', 'cout.txt', 'd', 'plot.txt', 'renamed.txt', 'run.json']
#   1 - out| ['c.csv', 'config.json', 'cout.txt', 'd', 'plot.txt', 'renamed.txt', 'run.json']
from pathlib import Path

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("artifacts")


def made(name, text="text"):
    Path(name).write_text(text)
    return name


@ex.main
def main(_run):
    ex.add_artifact(made("plot.txt"))
    ex.add_artifact(made("b.txt"), name="renamed.txt")
    ex.add_artifact(made("c.csv"), metadata={"k": 1}, content_type="text/csv")
    _run.add_artifact(filename=Path(made("d.bin")).absolute(), name="d")
    print(sorted(path.name for path in Path(_run.observers[0].dir).iterdir()))


@ex.command
def twice(_run):
    ex.add_artifact(made("same.txt", "first"))
    ex.add_artifact(made("same.txt", "second"))
    print((Path(_run.observers[0].dir) / "same.txt").read_text())


@ex.command
def by_hand(_run):
    observer = _run.observers[0]
    observer.artifact_event(name=None, filename=made("direct.txt"))
    observer.save_file(made("saved.txt"))
    observer.save_file(made("saved.txt"), "other.txt")
    for name in ("run.json", "config.json", "cout.txt", "metrics.json"):
        try:
            observer.save_file(made("bad.txt"), name)
        except FileExistsError:
            print("refused", name)
    (Path(observer.dir) / "own.txt").write_text("put there by hand")


if __name__ == "__main__":
    ex.run_commandline()
