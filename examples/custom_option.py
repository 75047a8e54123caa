"""A command line option and a fact about the machine of your own.

Run:    python examples/custom_option.py --attempts=2
Prints: attempt 1 of 2
        attempt 2 of 2
        site: laboratory
"""

from hallow import Experiment, cli_option, host_info_gatherer


@cli_option("-a", "--attempts")
def attempts_option(args, run):
    """Try that often."""
    run.info["attempts"] = int(args)


@host_info_gatherer("site")
def site():
    return "laboratory"


ex = Experiment("custom_option", additional_cli_options=[attempts_option], additional_host_info=[site])


@ex.automain
def main(_run):
    attempts = _run.info.get("attempts", 1)
    for attempt in range(attempts):
        print(f"attempt {attempt + 1} of {attempts}")
    print(f"site: {_run.host_info['site']}")
