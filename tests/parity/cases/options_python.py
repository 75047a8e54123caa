from sacred import Experiment

ex = Experiment("options")


@ex.config
def cfg():
    a = 1


@ex.main
def main(a, _run):
    return a


for options in (
    {"--unobserved": True},
    {"--name": "other"},
    {"--comment": "text", "--priority": 5},
    {"--force": True},
    {"--debug": True},
    {"--id": "abc"},
    {"--queue": True},
    {"--beat-interval": 2},
    {"--capture": "sys"},
    {"--print-config": True},
    {"--loglevel": 30},
    {"--loglevel": "ERROR"},
):
    run = ex.run(config_updates={"seed": 1, "a": 2}, options=options)
    meta = {key: value for key, value in run.meta_info.items() if key not in ("options", "queue_time")}
    print(options, run.status, run.result, run._id, run.beat_interval, sorted(meta.items()))
defaults = ex.get_default_options()
print(
    sorted(
        (k, v)
        for k, v in defaults.items()
        if k not in ("--gcs", "--journal-only", "--notify", "--origins", "--resume", "--strict-observers")
    )
)
try:
    ex.run(options={"--priority": "high"})
except ValueError:
    print("ValueError")
