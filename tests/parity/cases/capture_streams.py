# $ with seed=1
# $ with seed=1 -C sys
# $ with seed=1 -C no
# new capture_mode shows the mode that was used
#   1 - out| with ünïcode None
#   1 + out| with ünïcode sys
#   1 - out| captured "to stdout\nto stderr\nwith ünïcode None\ninside\nmore\nno '' ''\ninside\nmore\nsys 'inside\\n' 'more\\n'\n"
#   1 + out| captured "to stdout\nto stderr\nwith ünïcode sys\ninside\nmore\nno '' ''\ninside\nmore\nsys 'inside\\n' 'more\\n'\n"
import sys

from sacred import SETTINGS, Experiment
from sacred.observers import RunObserver
from sacred.stdout_capturing import get_stdcapturer

SETTINGS["CAPTURE_MODE"] = "sys"


class Shown(RunObserver):
    def completed_event(self, stop_time, result):
        sys.__stdout__.write(f"captured {ex.current_run.captured_out!r}\n")


ex = Experiment("streams")
ex.observers.append(Shown())


@ex.automain
def main(_run):
    print("to stdout")
    sys.stderr.write("to stderr\n")
    print("with ünïcode", _run.capture_mode)
    for mode in ("no", "sys"):
        name, capture = get_stdcapturer(mode)
        with capture() as out:
            print("inside")
            first = out.get()
            print("more")
        out.finalize()
        print(name, repr(first), repr(out.get()))
