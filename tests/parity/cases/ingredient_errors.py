from sacred import Experiment, Ingredient


def attempt(text, function):
    try:
        print(text, function())
    except ValueError:
        print(text, "ValueError")
    except KeyError:
        print(text, "KeyError")
    except Exception as error:
        print(text, type(error).__name__)


def cycle():
    a = Ingredient("a")
    b = Ingredient("b", ingredients=[a])
    a.ingredients.append(b)
    ex = Experiment("cycle", ingredients=[b])
    ex.main(lambda: 1)
    return ex.run("<lambda>")


def twins():
    ex = Experiment("twins", ingredients=[Ingredient("same"), Ingredient("same")])

    @ex.main
    def main():
        return 1

    return ex.run()


def same_object():
    one = Ingredient("one")
    ex = Experiment("once", ingredients=[one, Ingredient("two", ingredients=[one])])

    @ex.main
    def main():
        return 1

    return ex.run(config_updates={"seed": 1}).result


attempt("cycle", cycle)
attempt("twins", twins)
attempt("same object", same_object)
