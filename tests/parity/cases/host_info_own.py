# $ with seed=1
# $ broken with seed=1
from sacred import Experiment, host_info_gatherer, host_info_getter
from sacred.host_info import HostInfoGetter, IgnoreHostInfo, get_host_info, host_info_gatherers


@host_info_gatherer("answer")
def answer():
    return 42


@host_info_gatherer("skipped")
def skipped():
    raise IgnoreHostInfo()


print(type(answer).__name__, answer.name, answer(), answer.get_info(), isinstance(answer, HostInfoGetter))


@host_info_getter
def everywhere():
    return "all"


@host_info_getter(name="named")
def other():
    return "by name"


print(sorted({"everywhere", "named"} & set(host_info_gatherers)))
ex = Experiment("hosted", additional_host_info=[answer, skipped])
try:
    Experiment("clash", additional_host_info=[host_info_gatherer("hostname")(lambda: "x")])
except KeyError:
    print("KeyError")


@ex.command
def broken():
    pass


@ex.automain
def main(_run):
    print(_run.host_info["answer"], "skipped" in _run.host_info, _run.host_info["everywhere"], _run.host_info["named"])
    print(sorted(set(_run.host_info) & {"hostname", "os", "python_version", "ENV", "cpu"}))
    print(get_host_info([answer])["answer"], len(_run.host_info["os"]))
