# $
# new capture_mode shows the mode that was used
#   1 - out| COMPLETED 1 {'first': 1, 'seen': 1} {'a': 1, 'seed': 1} None  None
#   1 + out| COMPLETED 1 {'first': 1, 'seen': 1} {'a': 1, 'seed': 1} None  no
from sacred import Experiment

ex = Experiment("api")


@ex.config
def cfg():
    a = 1


@ex.command
def other(a):
    return a * 10


@ex.command
def fails():
    raise ValueError("wanted")


@ex.main
def main(a, _run):
    _run.info["seen"] = a
    return a


run = ex.run(config_updates={"seed": 1}, info={"first": 1}, meta_info={"who": "me"})
print(run.status, run.result, run.info, run.config, run._id, run.captured_out, run.capture_mode)
print(run.meta_info["command"], run.meta_info["who"], run.meta_info["named_configs"], run.fail_trace)
print(run.start_time <= run.stop_time, run.unobserved, run.force, run.queue_only, run.debug, run.pdb)
print(ex.run("other", config_updates={"a": 4, "seed": 1}).result, ex.current_run.meta_info["command"])
print("config_updates" in ex.run("other").meta_info)
try:
    ex.run("fails")
except ValueError as error:
    failed = ex.current_run
    print(error, failed.status, failed.result, failed.fail_trace[0], failed.fail_trace[-1])
try:
    ex.run("nope")
except KeyError:
    print("KeyError")
try:
    run()
except RuntimeError:
    print("only once")
made = ex._create_run(config_updates={"seed": 1, "a": 6})
print(made.status, made.config["a"], made(), made.status)
empty = Experiment("empty")
try:
    empty.run()
except RuntimeError:
    print("no command")
print(ex.default_command, list(ex.commands), ex.path, ex.observers, ex.doc, [n for n, _ in ex.gather_commands()])
