# $ with seed=1
from sacred import SETTINGS, Experiment

ex = Experiment("read_only")


@ex.config
def cfg():
    d = {"x": 1, "l": [1, {"y": 2}]}
    l = [1, 2]


def attempt(text, function):
    try:
        function()
        print(text, "allowed")
    except Exception as error:
        print(text, "read-only" in str(error))


@ex.automain
def main(d, l, _config):
    import copy
    import json

    attempt("set", lambda: d.__setitem__("x", 2))
    attempt("del", lambda: d.__delitem__("x"))
    attempt("update", lambda: d.update(x=3))
    attempt("setdefault", lambda: d.setdefault("x", 3))
    attempt("pop", lambda: d.pop("x"))
    attempt("clear", lambda: d.clear())
    attempt("append", lambda: l.append(3))
    attempt("sort", lambda: l.sort())
    attempt("deep", lambda: d["l"][1].update(y=4))
    attempt("config", lambda: _config.update(d=4))
    plain = copy.deepcopy(d)
    plain["l"].append(5)
    shallow = dict(d)
    shallow["x"] = 9
    print(plain, shallow, d, l, isinstance(d, dict), isinstance(l, list), d == {"x": 1, "l": [1, {"y": 2}]})
    print(json.dumps(d), l + [3], l[:1])
