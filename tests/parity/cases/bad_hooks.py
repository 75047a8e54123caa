from sacred import Experiment

ex = Experiment("hooks")


def attempt(text, function, *kinds):
    try:
        function()
        print(text, "fine")
    except Exception as error:
        print(text, [kind.__name__ for kind in kinds if isinstance(error, kind)])


attempt("good", lambda: ex.config_hook(lambda config, command_name, logger: {}))
attempt("too few", lambda: ex.config_hook(lambda config, command_name: {}), ValueError)
attempt("too many", lambda: ex.config_hook(lambda config, command_name, logger, more: {}), ValueError)
attempt("default", lambda: ex.config_hook(lambda config, command_name, logger=None: {}), ValueError)
attempt("option hook", lambda: ex.option_hook(lambda options: None))
attempt("wrong option hook", lambda: ex.option_hook(lambda opts: None), KeyError)
