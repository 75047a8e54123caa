# $
import random

import numpy as np
from sacred import SETTINGS
from sacred.randomness import SEEDRANGE, create_rnd, get_seed, set_global_seed

rnd = create_rnd(42)
print([get_seed(rnd) for _ in range(5)], type(rnd).__name__, SEEDRANGE)
set_global_seed(42)
print(random.random(), np.random.rand(), get_seed())
SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
rnd = create_rnd(42)
print([get_seed(rnd) for _ in range(5)], type(rnd).__name__)
print(get_seed(np.random.RandomState(3)), get_seed(np.random.default_rng(3)))
