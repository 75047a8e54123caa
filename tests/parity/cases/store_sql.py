# $ with seed=1 -s sqlite:///runs.db
# $ fails with seed=1 -s sqlite:///runs.db
# $ stops with seed=1 --sql=sqlite:///runs.db -i mine
# $ with seed=1 -q -s sqlite:///runs.db
# $ with seed=1 -s sqlite:///runs.db -i mine
# needs sqlalchemy
# L27 ids are integers from 1 on, in SQL stores too
#   0 - runs.db.json| artifact[0].run_id = "0"
#   0 + runs.db.json| artifact[0].run_id = "1"
#   0 - runs.db.json| run[0].captured_out = "printed '0'\n"
#   0 + runs.db.json| run[0].captured_out = "printed 1\n"
#   0 - runs.db.json| run[0].run_id = "0"
#   0 + runs.db.json| run[0].run_id = "1"
#   0 - runs.db.json| run[3].run_id = "4"
#   0 + runs.db.json| run[3].run_id = "3"
#   0 - runs.db.json| runs_resources[0].run_id = "0"
#   0 + runs.db.json| runs_resources[0].run_id = "1"
#   1 - out| printed '0'
#   1 + out| printed 1
#   1 - log| INFO - in_sql - Started run with ID "0"
#   1 + log| INFO - in_sql - Started run with ID "1"
#   4 - log| INFO - in_sql - Queued-up run with ID "4"
#   4 + log| INFO - in_sql - Queued-up run with ID "3"
# new the info of a queued run is there, empty
#   0 - runs.db.json| run[3].info = null
#   0 + runs.db.json| run[3].info = "{}"
# O-33 the time of queueing is stored
#   0 - runs.db.json| run[3].queue_time = null
#   0 + runs.db.json| run[3].queue_time = "TIME"
# O-2 a run that exists already is left alone, also by the report of the failure
#   5 - log| ERROR - in_sql - Traceback (most recent call last):
from sacred import SETTINGS, Experiment
from sacred.utils import TimeoutInterrupt

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("in_sql")
ex.add_config(a=1, d={"x": [1, 2]})


@ex.command
def fails():
    raise ValueError("wanted")


@ex.command
def stops():
    raise TimeoutInterrupt()


@ex.automain
def main(_run, a):
    _run.info["k"] = [1, {"x": None}]
    with open("data.txt", "w") as file:
        file.write("data")
    _run.add_artifact("data.txt", "named.txt")
    _run.add_resource("data.txt")
    print("printed", repr(_run._id))
    return 0.5
