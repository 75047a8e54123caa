# $ with seed=1
# $ with seed=1 given.pickle
# $ with seed=1 foreign.pickle
# $ with seed=1 foreign.pickle -c allowed
# $ save_config with seed=1 config_filename=out.pickle
# $ with seed=2 out.pickle -c allowed
# C13 a pickle file that holds more than plain data can run any code: it is read only where a setting allows it
#   3 - exit 0
#   3 + exit 1
#   3 + error| ConfigError
#   3 - out| mine [0]
#   3 - log| WARNING - root - Changed type of config entry "a" from int to Mine
#   3 - log| WARNING - pickled - No observers have been added to this run
#   3 - log| INFO - pickled - Running command 'main'
#   3 - log| INFO - pickled - Started
#   3 - log| INFO - pickled - Completed after H:MM:SS
import pickle
import sys
from pathlib import Path

from sacred import SETTINGS, Experiment
from sacred.config import load_config_file


class Mine:
    def __repr__(self):
        return "mine"


Path("foreign.pickle").write_bytes(pickle.dumps({"a": Mine()}))
Path("given.pickle").write_bytes(pickle.dumps({"a": 3, "t": (1, 2)}))
if hasattr(SETTINGS.CONFIG, "PICKLE_FILES_MAY_RUN_CODE"):
    SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = "allowed" in sys.argv[-1]
ex = Experiment("pickled")
ex.add_config(a=1, t=[0])


@ex.automain
def main(a, t):
    print(a, t)
    if "allowed" in sys.argv[-1]:
        print(load_config_file("given.pickle"))
