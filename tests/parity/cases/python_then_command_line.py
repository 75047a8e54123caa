# $ with seed=1 a=3
# $ other with seed=2
from sacred import Experiment

ex = Experiment("both")
ex.add_config(a=1)


@ex.command
def prologue(a):
    print("prologue", a)


@ex.command
def other(a, _seed):
    return _seed


@ex.main
def main(a):
    return a


ex.run("prologue", config_updates={"seed": 5})
run = ex.run_commandline()
print(run.config, run.result, run.status, ex.current_run is run)
