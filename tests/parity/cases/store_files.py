# $ with seed=1 -F runs
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("artifacts")


@ex.automain
def main(_run):
    with open("made.txt", "w") as file:
        file.write("made")
    with open("input.csv", "w") as file:
        file.write("a,b")
    ex.add_artifact("made.txt")
    ex.add_artifact("made.txt", name="second.txt", metadata={"k": 1}, content_type="text/plain")
    _run.add_artifact("input.csv")
    ex.add_resource("input.csv")
    with ex.open_resource("made.txt") as file:
        print(file.read())
    with _run.open_resource("made.txt", "rb") as file:
        print(file.read())
