# $
# needs sqlalchemy
# L27 ids are integers from 1 on, in SQL stores too
#   0 - runs.db.json| run[0].run_id = "0"
#   0 + runs.db.json| run[0].run_id = "1"
#   1 - out| '0'
#   1 + out| 1
#   1 - out| _id '2'
#   1 + out| _id 2
#   1 - log| INFO - queried - Started run with ID "0"
#   1 + log| INFO - queried - Started run with ID "1"
# O-33 query and to_json leave nothing out
#   1 - out| ['_id', 'artifacts', 'captured_out', 'command', 'config', 'experiment', 'fail_trace', 'heartbeat', 'host', 'meta', 'queue_time', 'resources', 'result', 'start_time', 'status', 'stop_time']
#   1 + out| ['_id', 'artifacts', 'captured_out', 'command', 'config', 'experiment', 'fail_trace', 'heartbeat', 'host', 'info', 'meta', 'metrics', 'queue_time', 'resources', 'result', 'start_time', 'status', 'stop_time']
#   1 - out| info None
#   1 - out| meta ['comment', 'priority']
#   1 + out| info {'k': 'v'}
#   1 + out| meta ['command', 'config_updates', 'named_configs', 'options']
#   1 - out| queried ['base_dir', 'dependencies', 'name', 'repositories', 'sources'] ['hostname', 'os']
#   1 + out| queried ['base_dir', 'dependencies', 'mainfile', 'name', 'repositories', 'sources'] ['hostname', 'os']
# O-30 results keep their type
#   1 - out| result 1.0
#   1 + out| result 1
from sacred import Experiment
from sacred.observers import SqlObserver

ex = Experiment("queried")
observer = SqlObserver("sqlite:///runs.db")
print(observer.priority, observer == SqlObserver("sqlite:///runs.db"))
ex.observers.append(observer)
ex.add_config(a=1)


@ex.main
def main(_run, a):
    _run.info["k"] = "v"
    return a


for _ in range(3):
    print(repr(ex.run(config_updates={"seed": 1}, options={"--capture": "no"})._id))
found = observer.query(2)
print(sorted(found))
for key in ("_id", "command", "config", "info", "meta", "result", "status", "artifacts", "resources", "captured_out"):
    shown = found.get(key)
    if key == "meta":
        shown = sorted(shown)
    print(key, repr(shown))
print(found["experiment"]["name"], sorted(found["experiment"]), sorted(set(found["host"]) & {"os", "hostname"}))
