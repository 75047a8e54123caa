# $
import logging
import threading

from sacred.utils import NO_LOGGER, PATHCHANGE, PYTHON_IDENTIFIER, IntervalTimer, create_basic_stream_logger

logger = create_basic_stream_logger()
logger.info("shown")
logger.debug("not shown")
print(logger is logging.getLogger(), NO_LOGGER.name, bool(NO_LOGGER.disabled), PATHCHANGE is PATHCHANGE)
print([bool(PYTHON_IDENTIFIER.match(word)) for word in ("a", "_b1", "1c", "d-e", "")])
calls = []
twice = threading.Event()


def called():
    calls.append(1)
    if len(calls) == 2:
        twice.set()


stop, timer = IntervalTimer.create(called, interval=0.01)
print(isinstance(timer, threading.Thread))
timer.start()
print(twice.wait(10))
stop.set()
timer.join(10)
print(timer.is_alive(), len(calls) > 2)
