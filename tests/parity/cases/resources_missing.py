# $ resource with seed=1 -F runs
# $ opened with seed=1 -F runs
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("missing")


@ex.command
def resource():
    try:
        ex.add_resource("nowhere.txt")
        print("went on")
    except FileNotFoundError:
        print("FileNotFoundError")


@ex.command
def opened():
    ex.open_resource("nowhere.txt")


try:
    ex.add_resource("x.txt")
except AssertionError:
    print("AssertionError")
try:
    ex.log_scalar("a", 1)
except AttributeError:
    print("AttributeError")
try:
    ex.info
except AttributeError:
    print("AttributeError")
if __name__ == "__main__":
    ex.run_commandline()
