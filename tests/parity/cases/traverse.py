from sacred import Experiment, Ingredient

a = Ingredient("a")
b = Ingredient("b", ingredients=[a])
c = Ingredient("b.c", ingredients=[a])
ex = Experiment("tree", ingredients=[b, c])


@a.named_config
def one():
    x = 1


@c.command
def do():
    pass


@ex.named_config
def top():
    x = 1


@ex.main
def main():
    pass


print([(i.path, depth) for i, depth in ex.traverse_ingredients()])
print([name for name, _ in ex.gather_commands()], [name for name, _ in ex.gather_named_configs()])
print(list(ex.named_configs), list(a.named_configs), list(c.commands), len(ex.configurations))
print(sorted(ex.get_experiment_info()), ex.get_experiment_info()["mainfile"])
