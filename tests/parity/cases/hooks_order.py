# $ with seed=1
# $ other with seed=1
# $ fails with seed=1
# $ outer.inner.work with seed=1
# L21 an ingredient's command is called by its full name
#   4 - log| INFO - order - Running command 'work'
#   4 + log| INFO - order - Running command 'outer.inner.work'
from sacred import Experiment, Ingredient

inner = Ingredient("outer.inner")
outer = Ingredient("outer", ingredients=[inner])
side = Ingredient("side")
ex = Experiment("order", ingredients=[outer, side])


def register(ingredient, word):
    @ingredient.config
    def cfg():
        value = 1

    @ingredient.config_hook
    def hook(config, command_name, logger):
        print("config hook", word, command_name)
        return {}

    @ingredient.pre_run_hook
    def before(_log, _run):
        print("before", word, _log.name, _run.status, _run.start_time is None)

    @ingredient.pre_run_hook
    def before_again(value):
        print("again", word, value)

    @ingredient.post_run_hook
    def after(_run, _seed):
        print("after", word, _run.result, _run.stop_time, _seed)


register(ex, "ex")
register(side, "side")
register(outer, "outer")
register(inner, "inner")


@ex.option_hook
def options_hook(options):
    print("option hook", sorted(key for key, value in options.items() if value))


@ex.pre_run_hook(prefix="sub")
def with_prefix(deep):
    print("prefix", deep)


@ex.config
def more():
    sub = {"deep": "d"}


@inner.command
def work(value):
    print("work", value)


@ex.command
def other():
    print("other")


@ex.command
def fails():
    raise ValueError("no")


@ex.automain
def main():
    print("main")
    return 5
