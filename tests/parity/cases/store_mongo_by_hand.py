# $
# needs pymongo secantus
# O-23 equal sources are stored once
#   0 - mongo/fs.files/store_mongo_by_hand.py.json| a copy
#   0 - mongo/fs.files/store_mongo_by_hand.py.json| a copy
# new metrics of a run that is overwritten are those of the new run
#   0 - mongo/mine_metrics/0.json| steps = [0, 0]
#   0 + mongo/mine_metrics/0.json| steps = [0]
#   0 - mongo/mine_metrics/0.json| timestamps[1].$date = "TIMEZ"
#   0 - mongo/mine_metrics/0.json| values = [1, 2]
#   0 + mongo/mine_metrics/0.json| values = [2]
#   0 + mongo/mine_runs/1.json| info.metrics[0].id = "OBJECTID"
#   0 + mongo/mine_runs/1.json| info.metrics[0].name = "m"
import os

from pymongo import MongoClient
from sacred import Experiment
from sacred.observers import MongoObserver, QueuedMongoObserver

url = "mongodb://" + os.environ["PARITY_MONGO"]
client = MongoClient(url)
for make in (
    lambda: MongoObserver(url, client=client),
    lambda: MongoObserver(client=5),
    lambda: MongoObserver(collection="x", collection_prefix="y"),
    lambda: MongoObserver(url, collection="fs.files"),
    lambda: MongoObserver(url, db_name="store_mongo_by_hand", overwrite=77),
):
    try:
        make()
    except (ValueError, KeyError, RuntimeError) as error:
        print([kind.__name__ for kind in (ValueError, KeyError, RuntimeError) if isinstance(error, kind)])
ex = Experiment("by_hand")
observer = MongoObserver(client=client, db_name="store_mongo_by_hand", collection_prefix="mine")
print(
    observer.priority,
    observer.runs.name,
    observer.metrics.name,
    observer == MongoObserver(client=client, db_name="other"),
)
ex.observers.append(observer)
ex.add_config(a=1)


@ex.main
def main(_run, a):
    _run.info["seen"] = observer.runs.find_one({"_id": _run._id})["status"]
    _run.log_scalar("m", a)
    return a


print(ex.run(config_updates={"seed": 1}, options={"--capture": "no"})._id)
again = MongoObserver(client=client, db_name="store_mongo_by_hand", collection_prefix="mine", overwrite=1)
ex.observers[:] = [again]
print(ex.run(config_updates={"seed": 1, "a": 2}, options={"--capture": "no"})._id)
queued = QueuedMongoObserver(
    client=client, db_name="store_mongo_by_hand", collection_prefix="mine", interval=0.02, retry_interval=0.02
)
ex.observers[:] = [queued]
print(ex.run(config_updates={"seed": 1, "a": 3}, options={"--capture": "no"})._id, queued.runs.name)
print([(run["_id"], run["config"]["a"], run["status"], run["result"]) for run in observer.runs.find().sort("_id", 1)])
