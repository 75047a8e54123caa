# $
from sacred import Experiment
from sacred.observers import FileStorageObserver, RunObserver

observer = FileStorageObserver("runs")
print(observer.dir, observer.basedir.rpartition("/")[2], observer.priority, observer.template)
print(observer == FileStorageObserver("runs"), observer == FileStorageObserver("other"), observer == RunObserver())
print("FileStorageObserver" in str(type(observer)), isinstance(observer, RunObserver))
ex = Experiment("shared")
ex.observers.append(observer)


@ex.main
def main(_run, seed):
    _run.info["seed"] = seed
    return seed


for seed in (1, 2, 3):
    run = ex.run(config_updates={"seed": seed}, options={"--capture": "no"})
    print(repr(run._id), observer.dir.rpartition("/")[2], observer.run_entry["result"], observer.config, observer.info)
other = Experiment("second")
other.observers.append(observer)
other.main(lambda: None)
