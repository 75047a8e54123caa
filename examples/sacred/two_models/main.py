"""One program that runs two experiments, one of them twice.

Run:    python -m hallow.as_sacred examples/sacred/two_models/main.py
Prints: forest of 30: ...
        forest of 3: ...
        svc: ...

Each experiment can be run alone as well, in the folder two_models:
`python -m hallow.as_sacred -m experiments.svc with C=10`.
"""

from experiments.forest import ex as forest
from experiments.svc import ex as svc

for updates in ({}, {"n_estimators": 3}):
    run = forest.run(config_updates=updates)
    print(f"forest of {run.config['n_estimators']}: {run.result:.3f}")
print(f"svc: {svc.run().result:.3f}")
