# $ with seed=1 --pri 3
# $ with seed=1 --prio 3
# $ with seed=1 --comm text
# $ with seed=1 --f
# $ with seed=1 --fo
# $ with seed=1 --beat 5
# $ with seed=1 --unobserved=3
# $ with seed=1 --comment
# $ with seed=1 -c=text
# $ with seed=1 -c -u
from sacred import Experiment

ex = Experiment("prefixes")


@ex.automain
def main(_run):
    meta = {key: _run.meta_info[key] for key in ("priority", "comment") if key in _run.meta_info}
    print(meta, _run.force, _run.beat_interval, _run.unobserved)
