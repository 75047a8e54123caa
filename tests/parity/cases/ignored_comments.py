# $ print_config with seed=1
# C8 documentation at any depth
#   1 - out|   m = 10
#   1 + out|   m = 10                             # deep
from sacred import SETTINGS, Experiment

SETTINGS.CONFIG.IGNORED_COMMENTS = ["^secret", "todo"]
ex = Experiment("comments")


@ex.config
def cfg():
    a = 1  # secret thing
    b = 2  # a todo
    c = 3  # todo later
    # pylint: shown now
    d = 4
    # secret above
    e = 5
    # documented above
    f = 6  # secret beside
    g = {
        "x": 1,  # inner comment
    }
    # several lines
    # of comment
    h = 7
    with open(__file__) as i:  # opened
        j = 8  # in with
    for k in (1,):
        l = 9  # in for
        if True:
            m = 10  # deep
    del i
    try:
        n = 11  # in try
    finally:
        o = 12  # in finally


@ex.automain
def main():
    pass
