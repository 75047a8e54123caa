# $ with seed=1
from sacred import SETTINGS, Experiment, host_info_gatherer

SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
SETTINGS.HOST_INFO.CAPTURED_ENV = ["MY_OWN_VARIABLE"]
import os

os.environ["MY_OWN_VARIABLE"] = "here"


@host_info_gatherer("mine")
def mine():
    return {"k": 1}


ex = Experiment("host", additional_host_info=[mine])


@ex.automain
def main(_run):
    print(sorted(_run.host_info), _run.host_info["mine"], _run.host_info["ENV"], _run.host_info["cpu"])
    print(mine.name, mine.get_info(), mine())
    try:

        @host_info_gatherer("os")
        def taken():
            return 1

        Experiment("clash", additional_host_info=[taken])
    except KeyError:
        print("KeyError")
