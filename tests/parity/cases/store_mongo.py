# $ with seed=1 -m {mongo}:store_mongo
# $ fails with seed=1 -m {mongo}:store_mongo
# $ with seed=1 -q -m {mongo}:store_mongo
# $ stops with seed=1 --mongo_db={mongo}:store_mongo!5 -i mine
# $ with seed=1 -m {mongo}:store_mongo -i mine
# needs pymongo secantus
# O-24 resources are stored
#   0 + mongo/fs.files/data.txt.json| _id.$oid = "OBJECTID"
#   0 + mongo/fs.files/data.txt.json| chunkSize = 261120
#   0 + mongo/fs.files/data.txt.json| content = "data"
#   0 + mongo/fs.files/data.txt.json| filename = "DIR/data.txt"
#   0 + mongo/fs.files/data.txt.json| length = 4
#   0 + mongo/fs.files/data.txt.json| md5 = "8d777f385d3dfec8815d20f7496026dc"
#   0 + mongo/fs.files/data.txt.json| uploadDate.$date = "TIMEZ"
# new where an artifact came from is kept with it
#   0 + mongo/fs.files/named.txt.json| hallow.given = "named.txt"
#   0 + mongo/fs.files/named.txt.json| hallow.md5 = "8d777f385d3dfec8815d20f7496026dc"
#   0 + mongo/fs.files/named.txt.json| hallow.path = "DIR/data.txt"
# O-23 equal sources are stored once
#   0 - mongo/fs.files/store_mongo.py.json| a copy
#   0 - mongo/fs.files/store_mongo.py.json| a copy
#   0 - mongo/fs.files/store_mongo.py.json| a copy
#   0 - mongo/fs.files/store_mongo.py.json| a copy
# text nothing is printed about the guessed type of an artifact
#   0 - mongo/runs/1.json| captured_out = "Added text/plain as content-type of artifact DIR/data.txt.\nprinted 1\n"
#   0 + mongo/runs/1.json| captured_out = "printed 1\n"
#   1 - out| Added text/plain as content-type of artifact DIR/data.txt.
# new a queued run has all fields that a started one has
#   0 + mongo/runs/3.json| artifacts = []
#   0 + mongo/runs/3.json| captured_out = ""
#   0 + mongo/runs/3.json| format = "MongoObserver-0.7.0"
#   0 + mongo/runs/3.json| heartbeat = null
#   0 + mongo/runs/3.json| info = {}
#   0 + mongo/runs/3.json| resources = []
# O-2 a run that exists already is left alone, also by the report of the failure
#   0 - mongo/runs/mine.json| captured_out = ""
#   0 + mongo/runs/mine.json| captured_out = "[5]\n"
#   0 - mongo/runs/mine.json| command = "main"
#   0 + mongo/runs/mine.json| command = "stops"
#   0 - mongo/runs/mine.json| fail_trace = ["Traceback (most recent call last):", "pymongo.errors.DuplicateKeyError: E11000 duplicate key error collection: store_mongo.runs index: _id_ dup key: { _id: \"mine\" }, full error: {'index': 0, 'code': 11000, 'errmsg': 'E11000 duplicate key error collection: store_mongo.runs index: _id_ dup key: { _id: \"mine\" }', 'keyPattern': {'_id': 1}, 'keyValue': {'_id': 'mine'}}"]
#   0 - mongo/runs/mine.json| heartbeat = null
#   0 + mongo/runs/mine.json| heartbeat.$date = "TIMEZ"
#   0 - mongo/runs/mine.json| meta.command = "main"
#   0 + mongo/runs/mine.json| meta.command = "stops"
#   0 - mongo/runs/mine.json| meta.options.--mongo_db = "127.0.0.1:PORT:store_mongo"
#   0 + mongo/runs/mine.json| meta.options.--mongo_db = "127.0.0.1:PORT:store_mongo!5"
#   0 - mongo/runs/mine.json| meta.options.COMMAND = null
#   0 + mongo/runs/mine.json| meta.options.COMMAND = "stops"
#   0 - mongo/runs/mine.json| status = "FAILED"
#   0 + mongo/runs/mine.json| status = "TIMEOUT"
from sacred import SETTINGS, Experiment
from sacred.utils import TimeoutInterrupt

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("in_mongo")
ex.add_config(a=1, d={"x": [1, 2], "t": (3,)})


@ex.command
def fails():
    raise ValueError("wanted")


@ex.command
def stops(_run):
    print([observer.priority for observer in _run.observers])
    raise TimeoutInterrupt()


@ex.automain
def main(_run, a):
    _run.info["k"] = [1, {"x": None}]
    for step in range(3):
        _run.log_scalar("loss", 1 / (step + 1), step * 10)
    with open("data.txt", "w") as file:
        file.write("data")
    _run.add_artifact("data.txt", "named.txt", metadata={"m": 1})
    _run.add_resource("data.txt")
    print("printed", repr(_run._id))
    return {"best": 0.5}
