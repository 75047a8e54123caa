from sacred import Experiment

ex = Experiment("generators")


@ex.capture
def draw(_rnd):
    values = [
        float(_rnd.normal()),
        int(_rnd.integers(0, 10**6)),
        [int(i) for i in _rnd.permutation(6)],
        [float(x) for x in _rnd.uniform(0, 1, 2)],
        float(_rnd.choice([0.1, 0.2, 0.3])),
        float(_rnd.standard_normal(size=(2, 2)).sum()),
    ]
    items = list(range(8))
    _rnd.shuffle(items)
    return values, [int(i) for i in items]


@ex.main
def main(_rnd):
    import random

    import numpy as np

    return (
        draw(),
        draw(),
        random.randint(0, 10**6),
        int(np.random.randint(10**6)),
        isinstance(_rnd, np.random.Generator),
    )


for seed in (0, 1, 123456789):
    print(ex.run(config_updates={"seed": seed}).result)
