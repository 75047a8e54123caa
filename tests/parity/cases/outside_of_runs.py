# $
from sacred import Experiment

ex = Experiment("outside")


@ex.main
def main(_run):
    _run.info["k"] = 1
    return 5


for name, action in (
    ("open_resource", lambda: ex.open_resource("x")),
    ("add_resource", lambda: ex.add_resource("x")),
    ("add_artifact", lambda: ex.add_artifact("x")),
):
    try:
        action()
    except AssertionError:
        print(name, "AssertionError")
for name, action in (("info", lambda: ex.info), ("log_scalar", lambda: ex.log_scalar("m", 1))):
    try:
        action()
    except AttributeError:
        print(name, "AttributeError")
    except Exception as error:
        print(name, "other", type(error).__name__)
print(ex.current_run)
run = ex.run(config_updates={"seed": 1})
print(ex.current_run is run, ex.info, run.result)
