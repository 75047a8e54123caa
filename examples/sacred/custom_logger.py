"""A logger of one's own: its handler and format take the place of the usual ones.

Run:    python -m hallow.as_sacred examples/sacred/custom_logger.py
Prints: I|kitchen.cook: boiling the water
        tea
        I|kitchen.custom_logger: Completed after 0:00:00
"""

import logging
import sys

from sacred import Experiment

ex = Experiment("custom_logger")

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname).1s|%(name)s: %(message)s"))
logger = logging.getLogger("kitchen")
logger.handlers = [handler]
logger.setLevel("INFO")
ex.logger = logger


@ex.config
def cfg():
    drink = "tea"


@ex.capture
def cook(_log):
    _log.info("boiling the water")
    _log.debug("below the level: not shown")


@ex.automain
def main(drink):
    cook()
    print(drink)
