# $ with seed=1
# $ fails with seed=1
# O-1 an observer without a method for an event is left out for that event
#   1 + out| beat 5
#   1 - log| WARNING - partial - An error ocurred in the '<__main__.Partial object at ADDRESS>' observer: 'Partial' object has no attribute 'log_metrics'
#   1 - log| WARNING - partial - The observer '<__main__.Partial object at ADDRESS>' failed at some point during the run.
#   2 + out| beat None
#   2 - log| WARNING - partial - An error ocurred in the '<__main__.Partial object at ADDRESS>' observer: 'Partial' object has no attribute 'log_metrics'
#   2 - log| WARNING - partial - The observer '<__main__.Partial object at ADDRESS>' failed at some point during the run.
from sacred import Experiment


class Partial:
    priority = 1

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        print("started", sorted(config))

    def heartbeat_event(self, info, captured_out, beat_time, result):
        print("beat", result)

    def completed_event(self, stop_time, result):
        print("completed", result)

    def failed_event(self, fail_time, fail_trace):
        print("failed", len(fail_trace) > 1)


ex = Experiment("partial")
ex.observers.append(Partial())


@ex.command
def fails():
    raise ValueError("wanted")


@ex.automain
def main(_run):
    _run.log_scalar("m", 1)
    return 5
