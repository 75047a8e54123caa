# $ pre with seed=1
# $ post with seed=1
# $ config with seed=1
from sacred import Experiment

ex = Experiment("failing")


@ex.config
def cfg():
    which = None


@ex.config_hook
def hook(config, command_name, logger):
    if command_name == "config":
        raise RuntimeError("config hook")
    return {"which": command_name}


@ex.pre_run_hook
def before(which):
    if which == "pre":
        raise RuntimeError("pre hook")


@ex.post_run_hook
def after(which):
    if which == "post":
        raise RuntimeError("post hook")


for name in ("pre", "post", "config"):

    def function():
        print("running")

    function.__name__ = name
    ex.command(function)

if __name__ == "__main__":
    ex.run_commandline()
