"""The first experiment: two entries, of which one is computed from the other.

Run:    python -m hallow.as_sacred examples/sacred/hello_config.py with recipient="that is cool"
Prints: Hello that is cool!

Other command lines are `print_config`, `with seed=123`, `-l ERROR`, `-F runs`, `with runs/1/config.json` (what that run
had), `-m host:27017:database`.
"""

from sacred import Experiment

ex = Experiment("hello_config")


@ex.config
def my_config():
    recipient = "world"  # whom to greet
    message = f"Hello {recipient}!"


@ex.capture
def note(_log, recipient):
    _log.info("greeting %s", recipient)


@ex.automain
def my_main(message):
    note()
    print(message)
    return message
