from sacred import Experiment

ex = Experiment("dicts")


def attempt(text, kind, *args, **kwargs):
    try:
        ex.add_config(*args, **kwargs)
        print(text, "fine")
    except Exception as error:
        print(text, isinstance(error, kind))


attempt("both", ValueError, {"a": 1}, b=2)
attempt("nothing", ValueError)
attempt("empty", KeyError, {})
attempt("number", TypeError, 5)
attempt("missing", OSError, "nowhere.json")
attempt("dot", KeyError, {"a.b": 1})
attempt("dollar", KeyError, {"$a": 1})
attempt("deep dollar", KeyError, {"a": {"b": [{"$c": 1}]}})
attempt("equals", KeyError, {"a=b": 1})
attempt("tag", KeyError, {"py/object": 1})
attempt("json", KeyError, {"json://x": 1})
attempt("numbers", KeyError, {"a": {1: 2, None: 3}})
attempt("spaces", KeyError, {"a b": 1})
attempt("function", KeyError, {"f": len})
