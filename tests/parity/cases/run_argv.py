from sacred import Experiment

ex = Experiment("argv")


@ex.config
def cfg():
    a = 1


@ex.named_config
def variant():
    a = 2


@ex.main
def main(a):
    return a


print(ex.run_commandline("prog with a=3 seed=1").result)
print(ex.run_commandline(["prog", "with", "variant", "seed=1"]).result)
print(ex.run_commandline(("prog", "main", "with", "seed=1", "--unobserved")).result)
for wrong in (5, ["prog", 3], {"a": 1}):
    try:
        ex.run_commandline(wrong)
    except ValueError:
        print("ValueError")
try:
    ex.run_commandline("prog nope")
except SystemExit as left:
    print("left with", left.code)
run = ex.run_commandline("prog with a=5 variant seed=1 -c hello")
print(run.result, run.meta_info["named_configs"], run.meta_info["config_updates"], run.meta_info["comment"])
print(sorted((k, v) for k, v in run.meta_info["options"].items() if not k.startswith("-")))
