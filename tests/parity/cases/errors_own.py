# $ plain with seed=1
# $ quiet with seed=1
# $ usage with seed=1
# $ never with seed=1
# $ always with seed=1
# $ invalid with seed=1
# $ missing with seed=1
# $ nested with seed=1
# E10 with a prefix, names and values of the entries are shown
#   8 - error| ConfigError: nested Conflicting configuration values
#   8 + error| ConfigError: nested Conflicting configuration values: d.x=2
#   8 + err|   d.x=2
from sacred import Experiment
from sacred.utils import ConfigError, InvalidConfigError, MissingConfigError, SacredError

ex = Experiment("own")
ex.add_config(a=1, d={"x": 2})


class Mine(SacredError):
    pass


@ex.command
def plain():
    raise Mine("plain")


@ex.command
def quiet():
    raise Mine("quiet", print_traceback=False)


@ex.command
def usage():
    raise Mine("usage", print_usage=True)


@ex.command
def never():
    raise Mine("never", filter_traceback="never")


@ex.command
def always():
    raise Mine("always", filter_traceback="always")


@ex.command
def invalid():
    raise InvalidConfigError("not both", conflicting_configs=("a", "d.x"))


@ex.command
def missing():
    raise MissingConfigError("give me", missing_configs=["path"])


@ex.command(prefix="d")
def nested(x):
    raise ConfigError("nested", "x")


if __name__ == "__main__":
    ex.run_commandline()
