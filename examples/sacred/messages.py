"""Messages to Slack and Telegram when a run starts, ends or fails.

Run:    python -m hallow.as_sacred examples/sacred/messages.py
Prints: no slack.json
        no telegram.json
        working

Addresses and tokens are secrets, so they are in files beside the work, not in the code: `slack.json` with
{"webhook_url": "..."}, `telegram.json` with {"token": "...", "chat_id": "..."}. `with fail=True` sends the other
message.
"""

from pathlib import Path

from sacred import Experiment
from sacred.observers import SlackObserver, TelegramObserver

ex = Experiment("messages")

for file, observer in (("slack.json", SlackObserver), ("telegram.json", TelegramObserver)):
    if Path(file).exists():
        ex.observers.append(observer.from_config(file))
    else:
        print("no", file)


@ex.config
def cfg():
    fail = False


@ex.automain
def main(fail):
    print("working")
    if fail:
        raise ArithmeticError("the loss is no number")
    return 0.5
