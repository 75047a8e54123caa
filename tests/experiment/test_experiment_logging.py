"""The loggers of runs, and what they leave alone."""

from __future__ import annotations

from experiment_running import lines


def test_logging_root(run_script):
    done = run_script(
        """
        import logging
        from hallow import Experiment
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("OWN %(name)s %(message)s"))
        logging.getLogger().addHandler(handler)
        ex = Experiment("demo")
        @ex.main
        def main(_log):
            _log.warning("from main")
        before = list(logging.getLogger().handlers), logging.getLogger().level
        ex.run(unobserved=True)
        assert (list(logging.getLogger().handlers), logging.getLogger().level) == before
        """
    )
    assert lines(done.err) == [
        "OWN demo Running command 'main'",
        "OWN demo Started",
        "OWN main from main",
        "OWN demo Completed after 0:00:00",
    ]


def test_logging_without_handlers_leaves_the_root_alone(run_script):
    done = run_script(
        """
        import logging
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main(_log):
            _log.info("hello")
            logging.getLogger("other").info("not shown")
        ex.run(unobserved=True)
        assert logging.getLogger().handlers == []
        """
    )
    assert done.code == 0, done.err
    assert done.err.count("INFO - main - hello") == 1
    assert "not shown" not in done.err
