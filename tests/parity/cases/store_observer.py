# $
from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("observer")
ex.observers.append(FileStorageObserver("my_runs"))


@ex.config
def cfg():
    a = 1
    seed = 5


@ex.main
def main(a):
    print("a is", a)
    return a


for a in (1, 2):
    run = ex.run(config_updates={"a": a})
    print(run._id, type(run._id).__name__, run.captured_out, run.observers[0].dir.rpartition("/")[2])
run = ex.run(options={"--unobserved": True})
print(run._id, run.observers)
run = ex.run(info={"given": 1}, meta_info={"who": "me", "comment": "c"})
print(run.meta_info["who"])
