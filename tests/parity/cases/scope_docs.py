# $ print_config with seed=1
# $ print_config with seed=1 i=3 d.x=4 s=word new=1
from sacred import Experiment

ex = Experiment("documented")


@ex.config
def cfg():
    """First line.

    Second paragraph.
    """
    a = 1  # inline doc
    # doc above
    b = 2

    # far above

    c = 3
    # pylint: disable=all
    d = {"x": 1, "y": {"z": 2}}  # a dictionary
    e = "no # comment"
    f = g = 2.5  # two names
    h, i = 1, 2  # a tuple
    if a == 1:
        j = 5  # in a branch
    a_quite_long_name_for_an_entry = "some value"  # far to the right
    s = 1  # was a number
    x = 1  # a # b


@ex.capture
def use(new=None):
    pass


@ex.config
def second():
    k = 1  # noinspection ignored
    a = 1  # other doc


@ex.automain
def main():
    pass
