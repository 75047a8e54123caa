"""Files that a run reads and makes: resources and artifacts.

Run:    python -m hallow.as_sacred examples/sacred/resources.py -F runs
Prints: 13 words
"""

from pathlib import Path

from sacred import Experiment

ex = Experiment("resources")


@ex.config
def cfg():
    source = str(Path(__file__).with_name("rhyme.txt"))
    target = "counts.csv"


@ex.automain
def main(source, target, _run):
    with _run.open_resource(source) as file:
        words = file.read().split()
    Path(target).write_text("\n".join(f"{word},{len(word)}" for word in words), encoding="utf-8")
    _run.add_artifact(target)
    print(len(words), "words")
    return len(words)
