# $ with seed=1 -F runs
# L21 an ingredient's command is called by its full name
#   1 - log| INFO - outer - Running command 'other_main'
#   1 + log| INFO - outer - Running command 'inner.other_main'
from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment()
other = Experiment("inner")


@other.config
def other_cfg():
    x = 1


@other.main
def other_main(x):
    return x


outer = Experiment("outer", ingredients=[other])


@outer.main
def outer_main(inner):
    return dict(inner), other_main()


@ex.main
def main(_run):
    return _run.experiment_info["name"]


print(ex.path, ex.base_dir == outer.base_dir, ex.mainfile.filename.rpartition("/")[2])
print(ex.run(config_updates={"seed": 1}).result)
print(sorted(name for name, _ in outer.gather_commands()))
print(outer.run(config_updates={"seed": 1, "inner": {"x": 4}}).result)
print(outer.run("inner.other_main", config_updates={"seed": 1}).result)
try:
    Experiment(interactive=True)
except RuntimeError:
    print("RuntimeError")
ex.run_commandline()
