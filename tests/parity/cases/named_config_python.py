# $
# C16 one exception for all unknown named configs, which can be caught as either
#   1 - out| NamedConfigNotFoundError
#   1 + out| KeyError
from sacred import Experiment

ex = Experiment("named")


@ex.config
def cfg():
    a = 1
    b = a + 1


@ex.named_config
def big():
    a = 100


@ex.main
def main(a, b):
    return a, b


for names, updates in (([], {}), (["big"], {}), (("big",), {"b": 0}), (["big"], {"a": 7})):
    run = ex.run(named_configs=names, config_updates={"seed": 1, **updates})
    print(run.result, run.meta_info["named_configs"], run.meta_info["config_updates"])
for name in ("nothing", "ing.big"):
    try:
        ex.run(named_configs=[name])
    except KeyError:
        print("KeyError")
    except Exception as error:
        print(type(error).__name__)
try:

    @ex.named_config
    def big():
        a = 3

except KeyError:
    print("in use")
