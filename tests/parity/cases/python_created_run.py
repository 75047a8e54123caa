# $
from sacred import Experiment

ex = Experiment("created")
ex.add_config(a=1)


@ex.main
def main(a, b=2, _run=None):
    return a, b, _run._id


run = ex._create_run("main", {"seed": 1})
print(run.status, run._id, run.config, run.start_time, run.result, run.info, run.meta_info["command"])
run._id = "mine"
run.info["early"] = 1
print(run(), run.status, run.start_time is not None)
try:
    run()
except RuntimeError:
    print("RuntimeError")
again = ex._create_run("main", {"seed": 1}, info={"k": 1}, meta_info={"m": 2})
print(again(7, 8), again.info, again.meta_info["m"], again is run)
print(ex._create_run(config_updates={"seed": 1, "a": 9})())
print(main.__name__, main.prefix, main.signature, main.uses_randomness, ex.default_command)
