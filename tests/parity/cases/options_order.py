# $ -u main with seed=1 a=3
# $ main -u with seed=1 a=3
# $ main with seed=1 -u a=3
# $ with seed=1 a=3 -u
# $ -ul10 with seed=1
# $ --logl=DEBUG --unobs with seed=1
# $ -l 40 with seed=1
# $ --loglevel WARNING with seed=1
# $ -f with seed=1 zzz=1
# $ -u with seed=1 '' a=5
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   5 - log| DEBUG - options - Starting Heartbeat
#   5 - log| DEBUG - options - Stopping Heartbeat
#   6 - log| DEBUG - options - Starting Heartbeat
#   6 - log| DEBUG - options - Stopping Heartbeat
from sacred import Experiment

ex = Experiment("options")


@ex.config
def cfg():
    a = 1


@ex.automain
def main(a, _log):
    _log.debug("debug")
    _log.info("info")
    _log.warning("warning")
    _log.error("error")
    print(a)
