# $ with seed=1
from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver

SETTINGS.CAPTURE_MODE = "no"


class Mine(FileStorageObserver):
    def __init__(self, folder, word):
        super().__init__(folder, None, None, None, 33)
        self.word = word

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        _id = f"{self.word}-{config['a']}"
        super().started_event(ex_info, command, host_info, start_time, config, meta_info, _id)
        with open(self.dir + "/extra.txt", "w") as file:
            file.write("extra")
        return _id

    def queued_event(self, nothing):
        print("never called")

    def completed_event(self, stop_time, result):
        super().completed_event(stop_time, result)
        print("status", self.run_entry["status"], sorted(self.run_entry))


ex = Experiment("mine")
ex.add_config(a=5)
ex.observers.append(Mine("runs", "word"))


@ex.automain
def main(_run):
    print(_run._id, _run.observers[0].priority)
