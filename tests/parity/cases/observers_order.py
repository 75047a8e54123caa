# $ with seed=1
# $ with seed=1 -i given
# $ with seed=1 -q
from sacred import Experiment
from sacred.observers import RunObserver


class Chooser(RunObserver):
    def __init__(self, word, priority, answer):
        self.word, self.priority, self.answer = word, priority, answer

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        print(self.word, "started", repr(_id))
        return self.answer

    def queued_event(self, ex_info, command, host_info, queue_time, config, meta_info, _id):
        print(self.word, "queued", repr(_id))
        return self.answer

    def completed_event(self, stop_time, result):
        print(self.word, "completed")

    def join(self):
        print(self.word, "joined")


ex = Experiment("order")
ex.observers = [Chooser("a", 0, "a"), Chooser("b", 50, None), Chooser("c", 50, 0)]
ex.observers.extend([Chooser("d", -3, "d"), Chooser("e", 1000000, None)])


@ex.automain
def main(_run):
    print(repr(_run._id), [observer.word for observer in _run.observers])
    print([observer.word for observer in ex.observers])
