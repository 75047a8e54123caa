"""Options as they act on runs, given on the command line and as keywords of ``ex.run``."""

from __future__ import annotations

import json

import pytest

from experiment_running import SCRIPT
from hallow import Experiment, cli_option
from hallow.errors import OptionError


def test_L2_several_observer_options(run_script):
    done = run_script(SCRIPT, "-F", "one", "-F", "two")
    assert done.code == 0, done.err
    for name in ("one", "two"):
        record = json.loads((done.folder / name / "1" / "run.json").read_text())
        assert record["status"] == "COMPLETED"
        assert "main 0.1" in (done.folder / name / "1" / "cout.txt").read_text()


def test_L15_clashing_options():
    @cli_option("-F", "--fancy")
    def fancy(args, run):
        """Fancy."""

    with pytest.raises(OptionError, match=r"-F.*(fancy|file_storage)"):
        Experiment("exp", interactive=True, additional_cli_options=[fancy])


def test_L26_the_current_command_line_decides(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main():
            pass
        ex.run(options={"--debug": True})
        ex.run_commandline("exp.py with nope=1")
        """
    )
    assert done.code == 2
    assert "Traceback" not in done.err


def test_L28_log_levels_are_restored():
    import logging

    ex = Experiment("exp", interactive=True)
    ex.main(lambda: None)
    ex.logger = logging.getLogger("mine")
    ex.logger.setLevel("WARNING")
    ex.run("<lambda>", options={"--loglevel": "DEBUG"})
    assert ex.logger.level == logging.WARNING


OPTIONS = {
    "beat_interval": (["-b", "3"], 3.0),
    "capture": (["-C", "sys"], "sys"),
    "comment": (["-c", "a note"], "a note"),
    "debug": (["-d"], True),
    "force": (["-f"], True),
    "id": (["-i", "17"], "17"),
    "name": (["-n", "other"], "other"),
    "pdb": (["-D"], True),
    "priority": (["-P", "2.5"], 2.5),
    "unobserved": (["-u"], True),
    "queue": (["-q"], True),
}


@pytest.mark.parametrize("keyword", list(OPTIONS))
def test_options_from_code(keyword, tmp_path):
    words, value = OPTIONS[keyword]

    def record(start):
        from hallow.testing import RecordingObserver

        ex = Experiment("exp", interactive=True)
        ex.main(lambda: None)
        seen = RecordingObserver()
        ex.observers.append(seen)
        run = start(ex)
        return (
            run.beat_interval,
            run.capture_mode,
            {key: run.meta_info.get(key) for key in ("comment", "priority")},
            (run.debug, run.pdb, run.force, run.unobserved, run.queue_only, run.status),
            run._id,
            run.experiment_info["name"],
            seen.names[:1],
        )

    from_words = record(lambda ex: ex.run_commandline(["exp", *words, "-l", "ERROR"]))
    from_code = record(lambda ex: ex.run(loglevel="ERROR", **{keyword: value}))
    assert from_words == from_code


def test_every_option_is_a_keyword():
    import inspect

    from hallow.cli.builtin import BUILT_IN

    keywords = set(inspect.signature(Experiment.run).parameters)
    flags = {option.get_flag().removeprefix("--").replace("-", "_") for option in BUILT_IN} - {"help"}
    assert flags <= keywords


def test_options_from_code_are_checked():
    ex = Experiment("exp", interactive=True)
    ex.main(lambda: None)
    with pytest.raises(TypeError, match="nope"):
        ex.run("<lambda>", nope=1)
    with pytest.raises(OptionError, match="--nope"):
        ex.run("<lambda>", options={"--nope": 1})
    assert ex.run("<lambda>", options={"-l": "error", "--beat_interval": 3}).beat_interval == 3


def test_run_id_name(run_script):
    done = run_script(
        """
        import os
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
        ex = Experiment("demo")
        ex.observers.append(FileStorageObserver("runs", folder="{name}_{config.lr}"))
        ex.add_config(lr=0.1)
        @ex.main
        def main(_run):
            assert os.path.isdir(_run.dir)
            return os.path.basename(_run.dir)
        folders = [ex.run().result for _ in range(2)]
        assert len(set(folders)) == 2
        print(folders)
        """
    )
    assert done.code == 0, done.err
    assert "'demo_0.1'" in done.out


def test_queue(run_script):
    done = run_script(SCRIPT, "-q", "-F", "runs")
    assert done.code == 0, done.err
    assert 'Queued-up run with ID "1"' in done.err
    assert "main" not in done.out
    assert json.loads((done.folder / "runs/1/run.json").read_text())["status"] == "QUEUED"


def test_enforce_clean_without_repository(run_script, monkeypatch):
    done = run_script(SCRIPT, "-e", "-F", "runs", env={"GIT_CEILING_DIRECTORIES": "/"})
    assert done.code == 2
    assert not (done.folder / "runs").exists()
