# $ with seed=1
# $ with seed=1 d.k=5
import json
import pickle

from sacred import Experiment
from sacred.utils import SacredError

ex = Experiment("read_only")
ex.add_config(l=[1, [2]], d={"k": {"deep": 1}}, t=(1, [2]))


@ex.capture
def other(l):
    return type(l).__name__, isinstance(l, list)


@ex.automain
def main(l, d, t, _config, _run):
    for action in (lambda: l.append(1), lambda: d.update(a=1), lambda: _config.pop("l"), lambda: l[1].append(1)):
        try:
            action()
        except SacredError:
            print("SacredError")
    print(json.dumps(_config, sort_keys=True), sorted(l[0:1]), l + [3], t, other())
    print(pickle.loads(pickle.dumps(dict(_config))) == _config, d == dict(d), {**d}, l.copy(), list(l))
    _run.config["changed"] = 1
    print(_run.config["changed"], type(_run.config).__name__)
