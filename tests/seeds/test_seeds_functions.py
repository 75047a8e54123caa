"""Programs as users print them: captured functions, commands, ingredients, loggers, random numbers. In both ways."""

from __future__ import annotations


def test_captured_functions(way):
    done = way.run(
        """
        from sacred import Experiment
        ex = Experiment('my_experiment')

        @ex.config
        def my_config():
            foo = 42
            bar = 'baz'

        @ex.capture
        def some_function(a, foo, bar=10):
            print(a, foo, bar)

        @ex.automain
        def my_main():
            some_function(1, 2, 3)  # 1 2 3
            some_function(1)        # 1 42 'baz'
            some_function(1, bar=12)  # 1 42 12
            some_function()  # TypeError : missing value for 'a'
        """,
        code=1,
    )
    assert done.out.splitlines() == ["1 2 3", "1 42 baz", "1 42 12"]
    assert "some_function is missing value(s): ['a']" in done.err


def test_arguments_come_before_entries_and_entries_before_defaults(way):
    done = way.run(
        """
        from sacred import Experiment
        ex = Experiment('cmd demo')

        @ex.config
        def cfg():
            a = 1      # int
            b = 'abc'  # str
            c = 1.2    # float

        @ex.capture
        def print_param(a, b, c=2.3):
            print(f'a={a}, b={b}, c={c}')

        @ex.automain
        def main():
            print_param()             # a=1, b=abc, c=1.2
            print_param(2, 'def')     # a=2, b=def, c=1.2
            print_param(b=2, c=10.5)  # a=1, b=2, c=10.5
        """
    )
    assert done.out.splitlines() == ["a=1, b=abc, c=1.2", "a=2, b=def, c=1.2", "a=1, b=2, c=10.5"]


def test_random_numbers(way):
    program = """
        from sacred import Experiment
        ex = Experiment('random')

        @ex.capture
        def do_random_stuff(_rnd, _seed):
            print(_seed)
            print(_rnd.randint(1, 100))

        @ex.automain
        def main():
            do_random_stuff()
            do_random_stuff()
    """
    first, second = (way.run(program, "with", "seed=123").out for _ in range(2))
    assert first == second
    seed, number, other_seed, other_number = map(int, first.split())
    assert seed != other_seed
    assert 1 <= number <= 100
    assert 1 <= other_number <= 100


def test_custom_logger(way):
    done = way.run(
        """
        # custom_logger.py
        import logging
        from sacred import Experiment

        ex = Experiment('log_example')

        # set up a custom logger
        logger = logging.getLogger('mylogger')
        logger.handlers = []
        ch = logging.StreamHandler()
        formatter = logging.Formatter('[%(levelname).1s] %(name)s >> "%(message)s"')
        ch.setFormatter(formatter)
        logger.addHandler(ch)
        logger.setLevel('INFO')

        ex.logger = logger

        @ex.config
        def my_config():
            recipient = "world"
            message = "Hello %s!" % recipient

        @ex.capture
        def some_function(_log):
            _log.info('Custom Info message!')

        @ex.automain
        def my_main(message):
            some_function()
            print(message)
        """
    )
    assert '[I] mylogger.some_function >> "Custom Info message!"' in done.err
    assert "[I] mylogger.log_example >> \"Running command 'my_main'\"" in done.err


INGREDIENTS = """
    from sacred import Ingredient, Experiment

    # ================== Dataset Ingredient =======================================
    # could be in a separate file

    data_ingredient = Ingredient('dataset')


    @data_ingredient.config
    def cfg1():
        filename = 'my_dataset.npy'
        normalize = True


    @data_ingredient.capture
    def load_data(filename, normalize):
        print("loading dataset from '{}'".format(filename))
        if normalize:
            print("normalizing dataset")
            return 1
        return 42


    @data_ingredient.command
    def stats(filename, foo=12):
        print('Statistics for dataset "{}":'.format(filename))
        print('mean = 42.23')
        print('foo=', foo)


    # ================== Experiment ===============================================

    @data_ingredient.config
    def cfg2():
        filename = 'foo.npy'

    # add the Ingredient while creating the experiment
    ex = Experiment('my_experiment', ingredients=[data_ingredient])

    @ex.config
    def cfg3():
        a = 12
        b = 42

    @ex.named_config
    def fbb():
        a = 22
        dataset = {"filename": "AwwwJiss.py"}

    @ex.automain
    def run():
        data = load_data()
        print('data={}'.format(data))
"""


def test_ingredients(way):
    assert way.run(INGREDIENTS).out.splitlines() == ["loading dataset from 'foo.npy'", "normalizing dataset", "data=1"]
    assert way.again("demo.py", "with", "fbb").out.splitlines()[0] == "loading dataset from 'AwwwJiss.py'"
    assert way.again("demo.py", "dataset.stats").out.splitlines()[0] == 'Statistics for dataset "foo.npy":'
    done = way.again("demo.py", "with", "dataset.normalize=False")
    assert done.out.splitlines() == ["loading dataset from 'foo.npy'", "data=42"]


def test_custom_commands(way):
    done = way.run(
        """
        # my_command.py
        from sacred import Experiment

        ex = Experiment('my_commands')


        @ex.config
        def cfg():
            name = 'kyle'


        @ex.command
        def greet(name):
            print('Hello {}! Nice to greet you!'.format(name))


        @ex.command
        def shout():
            print('WHAZZZUUUUUUUUUUP!!!????')


        @ex.automain
        def main():
            print('This is just the main command. Try greet or shout.')
        """,
        name="my_command.py",
    )
    assert done.out == "This is just the main command. Try greet or shout.\n"
    assert way.again("my_command.py", "greet").out == "Hello kyle! Nice to greet you!\n"
    assert way.again("my_command.py", "shout").out == "WHAZZZUUUUUUUUUUP!!!????\n"


def test_a_command_beside_the_main_function(way):
    way.write(
        '''
        from sacred import Experiment
        ex = Experiment('demo')

        @ex.config
        def cfg():
            gpus = [0]

        @ex.command
        def train(_run, _config):
            """
            Training a deep neural network.
            """
            print('training on', _config['gpus'], 'as', _run._id)

        @ex.automain
        def main():
            pass
        '''
    )
    assert way.again("demo.py").out == ""
    done = way.again("demo.py", "train", "--file_storage=my_runs_demo", "with", "gpus=[1,2,3,4]")
    assert done.out == "training on [1, 2, 3, 4] as 1\n"
    assert way.again("demo.py", "help", "train").out == "train(_run, _config)\n    Training a deep neural network.\n"
