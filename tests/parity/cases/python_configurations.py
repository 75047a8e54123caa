# $ with seed=1
# $ with seed=1 a=5 added=3
# $ print_config with seed=1 a=5
from sacred import Experiment
from sacred.config import ConfigDict, ConfigScope
from sacred.config.config_summary import ConfigSummary


class Own:
    def __call__(self, fixed=None, preset=None, fallback=None):
        print("own", sorted(fixed or {}), sorted(preset or {}))
        return ConfigSummary({"added": 1, **(fixed or {})}, added={"added"})


ex = Experiment("configurations")
ex.add_config(a=1)
ex.configurations.append(Own())


@ex.config
def after(added):
    twice = added * 2


print([type(configuration).__name__ for configuration in ex.configurations])
print(isinstance(ex.configurations[0], ConfigDict), isinstance(after, ConfigScope), ex.configurations[0]._conf)


@ex.automain
def main(_config):
    print(sorted(_config.items()))
