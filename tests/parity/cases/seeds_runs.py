from sacred import Experiment

ex = Experiment("repeated")


@ex.capture
def a(_seed):
    return _seed


@ex.command
def other(_seed):
    return _seed, a()


@ex.main
def main(_seed):
    return _seed, a(), a()


for seed in (1, 2, 1):
    print(ex.run(config_updates={"seed": seed}).result)
print(ex.run("other", config_updates={"seed": 1}).result)
print(ex.run(config_updates={"seed": 1}, options={"--unobserved": True}).result)
