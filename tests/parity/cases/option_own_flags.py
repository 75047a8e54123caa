# $ with seed=1
# $ --resume=last.pt with seed=1 -G -F runs
# $ -R last.pt with seed=1
from sacred import Experiment, cli_option
from sacred.commandline_options import CommandLineOption


@cli_option("-R", "--resume")
def resume(args, run):
    """Go on from a checkpoint."""
    run.info["resume"] = args


class NotifyOption(CommandLineOption):
    """Send a mail."""

    short_flag = "G"

    @classmethod
    def apply(cls, args, run):
        run.info["notify"] = args


ex = Experiment("flags", additional_cli_options=[resume])


@ex.automain
def main(_run):
    _run.log_scalar("loss", 0.5)
    _run._emit_heartbeat()
    print(_run.info)
