# $
# L11 --gcs is an option like the others
#   1 - out| ['--capture', '--comment', '--debug', '--enforce_clean', '--file_storage', '--force', '--help', '--id']
#   1 + out| ['--capture', '--comment', '--debug', '--enforce_clean', '--file_storage', '--force', '--gcs', '--help']
from sacred import Experiment

ex = Experiment("by_run")
ex.add_config(a=1)


@ex.main
def main(_run, a):
    return a


def go(**options):
    given = {f"--{key}": value for key, value in options.items()}
    run = ex.run(config_updates={"seed": 1}, options=given)
    meta = {key: value for key, value in run.meta_info.items() if key not in ("options", "queue_time")}
    print(
        run.status, run._id, meta, run.force, run.debug, run.unobserved, run.beat_interval, run.experiment_info["name"]
    )


go(name="renamed", comment="said", priority=3)
go(force=True, debug=True, unobserved=True)
go(id=5, loglevel=40)
go(loglevel="INFO", queue=True)
go(**{"beat-interval": 3})
print(sorted(key for key in ex.get_default_options() if "-" not in key[2:])[:8])
print(sorted({str(value) for value in ex.get_default_options().values()}))
