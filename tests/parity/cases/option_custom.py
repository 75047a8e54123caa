# $ with seed=1
# $ with seed=1 -a 5 -y
# $ with seed=1 --attempts=7 --dry-run
# $ with seed=1 -a word
# $ -h
from sacred import Experiment, cli_option


@cli_option("-a", "--attempts")
def attempts_option(args, run):
    """How often to try."""
    run.info["attempts"] = int(args)


@cli_option("-y", "--dry-run", is_flag=True)
def dry_option(args, run):
    """Only pretend."""
    run.info["dry"] = args


ex = Experiment("custom", additional_cli_options=[attempts_option, dry_option])


@ex.option_hook
def hook(options):
    print(options["--attempts"], options["--dry-run"])
    if options["--attempts"] == "7":
        options["--unobserved"] = True


@ex.automain
def main(_run):
    print(sorted(_run.info.items()))
    print(attempts_option.get_flag(), attempts_option.get_short_flag(), attempts_option.get_flags())
    print(attempts_option.get_name(), attempts_option.get_description(), attempts_option.arg, dry_option.arg)
    print(attempts_option.is_flag, dry_option.is_flag, ex.get_default_options()["--attempts"])
