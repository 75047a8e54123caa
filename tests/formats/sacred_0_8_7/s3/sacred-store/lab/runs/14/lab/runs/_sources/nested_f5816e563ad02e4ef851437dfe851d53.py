"""An experiment of nested ingredients."""

import time

from parts.reading import data, prepared
from sacred import Experiment

ex = Experiment("nested", ingredients=[data])
ex.add_config(rate=0.5)


@data.capture
def load(size, paths):
    """Print what would be read."""
    print(prepared(f"{size} from {paths['root']}"), end="", flush=True)
    return size


@ex.automain
def main(_run):
    """Record one value."""
    _run.info["size"] = load()
    time.sleep(1)
    return _run.info["size"]
