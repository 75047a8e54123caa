from sacred import Experiment

ex = Experiment("dicts")


def attempt(text, *args, **kwargs):
    for kind in (KeyError, ValueError, TypeError, OSError, None):
        try:
            ex.add_config(*args, **kwargs)
            print(text, "fine")
            return
        except (KeyError, ValueError, TypeError, OSError) as error:
            if kind is not None and isinstance(error, kind):
                print(text, kind.__name__)
                return


attempt("both", {"a": 1}, b=2)
attempt("nothing")
attempt("empty", {})
attempt("number", 5)
attempt("missing", "nowhere.json")
attempt("dot", {"a.b": 1})
attempt("dollar", {"$a": 1})
attempt("deep dollar", {"a": {"b": [{"$c": 1}]}})
attempt("equals", {"a=b": 1})
attempt("tag", {"py/object": 1})
attempt("json", {"json://x": 1})
attempt("numbers", {"a": {1: 2, None: 3}})
attempt("spaces", {"a b": 1})
attempt("function", {"f": len})
