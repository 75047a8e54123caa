# $ with seed=1
import os

from sacred import SETTINGS, Experiment

os.environ["PARITY_TEST"] = "value"
SETTINGS.HOST_INFO.CAPTURED_ENV.append("PARITY_TEST")
SETTINGS.HOST_INFO.CAPTURED_ENV.append("PARITY_MISSING")
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
ex = Experiment("environment")


@ex.automain
def main(_run):
    print(_run.host_info["ENV"], "gpus" in _run.host_info, "cpu" in _run.host_info)
