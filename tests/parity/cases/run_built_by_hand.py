# $
import logging

from sacred import Experiment
from sacred.config.config_summary import ConfigSummary
from sacred.run import Run

ex = Experiment("hand")


@ex.main
def main(word="none"):
    return word


@ex.capture
def before():
    print("before")


logger = logging.getLogger("built")
logger.setLevel("WARNING")
run = Run({"seed": 1, "a": 2}, ConfigSummary(), main, [], logger, logger, {"name": "hand"}, {}, [before], [])
print(
    run.status, run._id, run.info, run.result, run.captured_out, run.beat_interval, run.unobserved, run.debug, run.pdb
)
print(run.meta_info, run.queue_only, run.force, run.fail_trace, run.capture_mode, run.start_time, run.stop_time)
print(run("given"), run.status, run.result, run.stop_time is not None)
print(isinstance(ex._create_run(), Run))
