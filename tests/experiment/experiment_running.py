"""What several of these modules run, and how they look at what comes of it."""

from __future__ import annotations

SCRIPT = '''
    """What this script is for."""
    from hallow import Experiment, Ingredient, cli_option

    data = Ingredient("dataset")

    @data.config
    def data_cfg():
        filename = "foo.npy"  # where the data is

    @data.named_config
    def small():
        """A small one."""
        filename = "small.npy"

    @data.command
    def stats(filename, foo=12):
        """Show statistics."""
        print("stats of", filename, foo)

    @cli_option("-a", "--attempts")
    def attempts(args, run):
        """How often to try."""
        run.info["attempts"] = int(args)

    ex = Experiment("demo", ingredients=[data], additional_cli_options=[attempts])

    @ex.config
    def cfg():
        """Settings of the demo."""
        lr = 0.1  # the step
        layers = [1, 2]
        flag = True
        name = "world"

    @ex.named_config
    def quick():
        lr = 1.0

    @ex.pre_run_hook
    def before():
        print("HOOK")

    @ex.command
    def greet(name, punctuation="!"):
        """Say hello.

        To somebody.
        """
        print("Hello " + name + punctuation)

    @ex.command
    def needs(nothing_gives_this):
        pass

    @ex.command
    def fails():
        raise ValueError("on purpose")

    @ex.automain
    def main(lr, layers, flag, _run):
        print("main", repr(lr), layers, flag, _run.info, _run.args)
        return lr
'''


def lines(text):
    return [line for line in text.splitlines() if line]


def config_of(ex, updates=None, named=(), **keywords):
    config = dict(ex.run(config_updates=updates, named_configs=named, loglevel="ERROR", **keywords).config)
    config.pop("seed")
    return config
