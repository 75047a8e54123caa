# $ with seed=1 -f zzz=3 a=word
# $ with seed=1 -f data.zzz=3
# $ print_config with seed=1 -f zzz=3 a=word data.zzz=3
from sacred import Experiment, Ingredient

data = Ingredient("data")
data.add_config(n=1)
ex = Experiment("forced", ingredients=[data])


@ex.config
def cfg():
    a = 1


@ex.automain
def main(_config, _run):
    print(sorted(_config.items(), key=str), _run.force)
    changes = _run.config_modifications
    print(sorted(changes.added), sorted(changes.modified), sorted(changes.typechanged))
