# $ with seed=1
# $ with seed=1 -F elsewhere
# $ with seed=1 -c text
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("hooked")


@ex.option_hook
def store(options):
    if not options["--file_storage"]:
        options["--file_storage"] = "chosen"


@ex.option_hook
def more(options):
    ex.add_config(added=len(ex.configurations))
    options["--comment"] = options["--comment"] or "no comment"


try:

    @ex.option_hook
    def wrong(opts):
        pass

except KeyError as error:
    print("KeyError")


@ex.automain
def main(_run, _config):
    print(dict(_config), _run.meta_info["comment"], _run.observers[0].basedir.rpartition("/")[2])
