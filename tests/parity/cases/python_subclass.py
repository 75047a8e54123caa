# $ with seed=1 a=4
from sacred import Experiment


class Mine(Experiment):
    def __init__(self, name, **kwargs):
        super().__init__(name, **kwargs)
        self.calls = 0

    def run(self, command_name=None, config_updates=None, named_configs=(), info=None, meta_info=None, options=None):
        self.calls += 1
        print("run", command_name, config_updates, list(named_configs))
        return super().run(command_name, config_updates, named_configs, info, meta_info, options)

    def post_process_name(self, name, ingredient):
        return super().post_process_name(name, ingredient)


ex = Mine("subclass", save_git_info=False)
ex.add_config(a=1)


@ex.main
def main(a):
    return a


print(ex.run("main", {"seed": 1}).result, ex.calls, ex.path)
run = ex.run_commandline()
print(run.result, ex.calls)
