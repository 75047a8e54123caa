# $ with seed=1 -f5
# $ with seed=1 --threshold 3 --noisy
# $ -h
from sacred import SETTINGS, Experiment
from sacred.commandline_options import CommandLineOption

SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS = False


class ThresholdOption(CommandLineOption):
    """How much is enough."""

    short_flag = "T"
    arg = "LIMIT"
    arg_description = "A number"

    @classmethod
    def apply(cls, args, run):
        run.info["limit"] = args


class NoisyOption(CommandLineOption):
    """Say more."""

    short_flag = "N"

    @classmethod
    def apply(cls, args, run):
        run.info["noisy"] = args


class GoneOption(CommandLineOption):
    """Not there."""

    short_flag = "g"
    _enabled = False

    @classmethod
    def apply(cls, args, run):
        run.info["gone"] = args


ex = Experiment("classes")


@ex.automain
def main(_run):
    print(ThresholdOption.get_flags(), NoisyOption.get_flags())
    print(_run.info)
