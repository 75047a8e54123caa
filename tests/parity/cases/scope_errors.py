from sacred import Experiment

ex = Experiment("wrong")


def attempt(text, function):
    try:
        print(text, function())
    except AssertionError:
        print(text, "AssertionError")
    except KeyError:
        print(text, "KeyError")
    except NameError as error:
        print(text, "NameError", error)
    except ZeroDivisionError as error:
        print(text, error)


def args():
    @ex.config
    def cfg(*args):
        pass


def kwargs():
    @ex.config
    def cfg(**kwargs):
        pass


def default():
    @ex.config
    def cfg(a=3):
        pass


attempt("args", args)
attempt("kwargs", kwargs)
attempt("default", default)

other = Experiment("other")


@other.config
def first():
    a = 1


@other.config
def second():
    b = a


@other.main
def main():
    pass


attempt("undeclared", lambda: other.run(config_updates={"seed": 1}))
third = Experiment("third")


@third.config
def unknown(zebra):
    b = 1


@third.main
def third_main():
    pass


attempt("unknown parameter", lambda: third.run(config_updates={"seed": 1}))
fourth = Experiment("fourth")


@fourth.config
def raising():
    b = 1 // 0


@fourth.main
def fourth_main():
    pass


attempt("raising", lambda: fourth.run(config_updates={"seed": 1}))
