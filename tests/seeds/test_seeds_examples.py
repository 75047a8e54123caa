"""The examples in examples/sacred: each is run by the command that it tells, and leaves the record that it should."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from observers.observers_http import Service
from seeds_running import FOLDER, SCRIPTS, told


# ------------------------------------------------------------------------------------------------- the folder


def test_the_readme_lists_every_example_with_its_command():
    """No example is forgotten, and the commands are those that the examples tell."""
    rows = re.findall(r"^\| \[(\S+)\]\((\S+)\) \| .+ \| `(.+)` \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert all(name == target for name, target, _ in rows)
    commands = {name: command for name, _, command in rows}
    assert commands.pop("notebook.ipynb") == "jupyter execute examples/sacred/notebook.ipynb"
    assert commands == {name: told(FOLDER / name)[0] for name in SCRIPTS}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_example_is_run_here(name):
    """Adding an example means adding what is seen of it."""
    assert f'example("{name}"' in Path(__file__).read_text(encoding="utf-8")


# ---------------------------------------------------------------------------------------- configuration and calls


def test_hello_config(example):
    done = example("hello_config.py")
    assert "INFO - note - greeting that is cool" in done.err
    assert "WARNING - hello_config - No observers have been added to this run" in done.err


HELLO = "examples/sacred/hello_config.py"


def test_hello_config_shows_a_new_seed_each_time(alias, examples):
    shown = [alias(HELLO, "print_config").out for _ in range(3)]
    assert all("message = 'Hello world!'" in text for text in shown)
    assert all("# whom to greet" in text for text in shown)
    assert len({re.search(r"seed = (\d+)", text)[1] for text in shown}) == 3
    assert "seed = 123 " in alias(HELLO, "print_config", "with", "seed=123").out


def test_hello_config_is_repeated_from_its_record(alias, examples):
    """``-F ./logs/``, then ``with ./logs/1/config.json``: the same values, the same seed."""
    first = alias(HELLO, "-F", "./logs/", "with", "recipient=that is cool", "seed=123")
    alias(HELLO, "-F", "./logs/", "with", "./logs/1/config.json")
    records = list(first.store("logs"))
    assert [record.status for record in records] == ["COMPLETED"] * 2
    assert records[0].config == records[1].config
    assert records[0].config == {"recipient": "that is cool", "message": "Hello that is cool!", "seed": 123}
    assert [record.result for record in records] == ["Hello that is cool!"] * 2
    assert "Hello that is cool!\n" in records[0].output
    assert "INFO - note - greeting that is cool" in records[0].output
    assert [source.name for source in records[0].sources] == ["hello_config.py"]


def test_hello_config_below_a_log_level(alias, examples):
    done = alias(HELLO, "-l", "ERROR")
    assert (done.out, done.err) == ("Hello world!\n", "")


def test_hello_config_in_mongodb(alias, examples, mongo_server, mongo_database):
    host, port = mongo_server.address
    done = alias(HELLO, "-m", f"{host}:{port}:{mongo_database}", "with", "recipient=Mongo")
    record = done.record(mongo_server.uri_of(mongo_database))
    assert (record.run_id, record.status, record.result) == (1, "COMPLETED", "Hello Mongo!")
    assert record.config["recipient"] == "Mongo"


def test_run_hello(example):
    assert example("run_hello.py").err.count("Running command 'my_main'") == 1


def test_captured(example):
    done = example("captured.py", code=1)
    assert done.err.endswith("MissingConfigError: report is missing value(s): ['a']\n")
    assert "Traceback" not in done.err


# What Sacred 0.8.7 returned for seed 123: one number of `random`, three of NumPy's generators.
SACREDS_NUMBERS = [0.052363598850944326, 0.3791404334564522, 0.5591419384035573, 0.9977279698525224]


def test_random_numbers(example, alias):
    _need("numpy")
    example("random_numbers.py")
    results = [alias("examples/sacred/random_numbers.py", "-F", "runs", "with", "seed=123") for _ in range(2)]
    first, second = (record.result for record in results[-1].store())
    assert first == second == SACREDS_NUMBERS


def test_custom_logger(example):
    done = example("custom_logger.py")
    assert "I|kitchen.custom_logger: Running command 'main'" in done.out
    assert "below the level" not in done.out
    assert done.err == ""


def test_ingredient(example, alias):
    example("ingredient.py")
    assert alias("examples/sacred/ingredient.py").out.splitlines() == ["100 rows of corrected.csv", "total 50.5"]
    assert alias("examples/sacred/ingredient.py", "dataset.stats").out == "corrected.csv: mean 50.5\n"
    shown = alias("examples/sacred/ingredient.py", "print_config", "with", "short").out
    assert shown.partition("dataset:")[2].split() == "filename = 'short.csv' normalize = True rows = 3".split()


def test_my_command(example, alias):
    example("my_command.py")
    done = alias("examples/sacred/my_command.py", "shout", "-F", "runs")
    assert done.out == "GOOD MORNING!\n"
    assert not (done.folder / "runs").exists()
    assert alias("examples/sacred/my_command.py").out == "Call me with `greet` or `shout`.\n"
    assert "Say good morning to somebody." in alias("examples/sacred/my_command.py", "help", "greet").out
    alias("examples/sacred/my_command.py", "greet", "-F", "runs")
    assert done.record().command == "greet"


def test_config_files(example, alias):
    example("config_files.py")
    script = "examples/sacred/config_files.py"
    assert alias(script).out.splitlines()[0] == "3 steps of 0.5, batches of 32"
    alias(script, "save_config", "with", "patient", "config_filename=patient.json")
    done = alias(script, "-F", "runs", "with", "patient.json", "steps=2")
    assert done.out.splitlines() == ["2 steps of 0.01, batches of 32", "logs/1"]
    record = done.record()
    assert (record.config["optimizer"], record.config["tags"]) == ("adam", ["files"])
    assert record.metrics["training.loss"].steps == [0, 1]


def test_values(example):
    example("values.py")


# ------------------------------------------------------------------------------------------ what runs leave behind


def test_metrics(example):
    record = example("metrics.py").record()
    assert record.metrics["loss"].steps == [0, 1, 2, 3, 4]
    assert record.metrics["loss"].values == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert record.metrics["accuracy"].steps == [0, 10, 20, 30, 40]


def test_resources(example):
    done = example("resources.py")
    record = done.record()
    assert [Path(resource.name).name for resource in record.resources] == ["rhyme.txt"]
    assert record.resources[0].read_text() == (FOLDER / "rhyme.txt").read_text()
    assert record.artifact("counts.csv").read_text().startswith("the,3\nrun,3\n")


def test_progress_bar(example):
    done = example("progress_bar.py")
    assert "  1%" in done.out
    stored = done.record().output
    assert "] 100%\ndone\n" in stored
    assert "\r" not in stored
    assert "99%" not in stored


def test_workers(example, alias):
    """Processes that ``spawn`` starts find `sacred` as this one does, and run nothing a second time."""
    script = example("workers.py")
    module = alias("-m", "workers", "with", "base=1", folder="examples/sacred")
    assert module.out == "[1, 2, 5, 10]\n"
    for done in (script, module):
        assert done.err.count("Started") == 1


def test_hard_exit(example):
    done = example("hard_exit.py", code=3)
    assert done.record().status == "DIED"
    subprocess.run([sys.executable, "-m", "hallow", "recover", "runs"], cwd=done.folder, check=True)
    record = done.record()
    assert record.stored_status == "DIED"
    assert record.metrics["work"].values == list(range(50))
    assert "half of the work is done\n" in record.output


def test_stores(example):
    _need("tinydb", "sqlalchemy")
    done = example("stores.py")
    for url in ("stores_file", "stores_tinydb", "sqlite:///stores.db"):
        record = done.record(url)
        assert (record.status, record.result, record.info["stores"]) == ("COMPLETED", 3, ["file", "tinydb", "sql"])
        assert record.metrics["loss"].values == pytest.approx([1, 1 / 2, 1 / 3])
        assert "recorded in file, tinydb, sql\n" in record.output


def test_stores_with_mongodb(alias, examples, mongo_server, mongo_database):
    done = alias(
        "examples/sacred/stores.py",
        *("with", 'stores=["mongo", "file"]', "steps=2"),
        MONGO_URL=mongo_server.uri,
        MONGO_DATABASE=mongo_database,
    )
    for url in (mongo_server.uri_of(mongo_database), "stores_file"):
        record = done.record(url)
        assert (str(record.run_id), record.result) == ("1", 2)
        assert record.metrics["loss"].values == [1, 0.5]


# ----------------------------------------------------------------------------------------------------- messages


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


def test_messages_without_addresses(example):
    example("messages.py")


@pytest.mark.parametrize("fail", [False, True])
def test_messages(alias, examples, service, tmp_path, fail):
    """Slack and Telegram on this machine get what they would; the secrets are in no output."""
    service.answer = (200, '{"ok": true}')
    token = "123456789:AASECRETSECRET"
    (tmp_path / "slack.json").write_text(json.dumps({"webhook_url": f"{service.url}/services/SECRET", "icon": ":owl:"}))
    telegram = {"token": token, "chat_id": "@lab", "silent_completion": True, "api_url": service.url}
    (tmp_path / "telegram.json").write_text(json.dumps(telegram))
    done = alias(
        "examples/sacred/messages.py",
        "with",
        f"fail={fail}",
        code=int(fail),
        no_proxy="127.0.0.1",
        NO_PROXY="127.0.0.1",
    )
    assert "SECRET" not in done.out + done.err
    posts = {path: [] for path, _, _ in service.requests}
    for path, _, data in service.requests:
        posts[path].append(data)
    (slack,) = posts.pop("/services/SECRET")
    started, ended = posts.pop(f"/bot{token}/sendMessage")
    assert posts == {}
    assert (slack["username"], slack["icon_emoji"]) == ("sacred-bot", ":owl:")
    for text in (slack["text"], ended["text"]):
        assert "messages" in text
        assert ("ArithmeticError: the loss is no number" if fail else "0.5") in text
    assert "started" in started["text"]
    assert (started["chat_id"], started["disable_notification"]) == ("@lab", True)
    assert ended["disable_notification"] is not fail


# ---------------------------------------------------------------------------------------------------- frameworks


def _need(*modules):
    """Skip without these modules; importing them would choose a back-end, and take seconds."""
    if missing := [module for module in modules if find_spec(module) is None]:
        pytest.skip(f"{', '.join(missing)} not installed")


def test_svm(example):
    _need("sklearn")
    done = example("svm.py")
    record = done.record()
    assert 0.8 < record.result <= 1
    assert done.out == f"accuracy {record.result:.3f}\n"
    assert record.config == {"C": 2.0, "gamma": 0.1, "kernel": "rbf", "seed": 42}
    assert any(text.startswith("scikit-learn==") for text in record.dependencies)


def test_two_models(example, alias):
    _need("sklearn")
    done = example("two_models/main.py")
    records = list(done.store("my_runs"))
    assert [record.name for record in records] == ["forest", "forest", "svc"]
    assert [record.config.get("n_estimators") for record in records] == [30, 3, None]
    assert [f"{record.result:.3f}" for record in records] == [line.split()[-1] for line in done.out.splitlines()]
    assert sorted(source.name for source in records[2].sources) == ["data.py", "svc.py"]
    alone = alias("-m", "experiments.svc", "with", "C=10", folder="examples/sacred/two_models")
    assert alone.record("my_runs").config["C"] == 10


def test_keras_callback(example):
    _need("keras", "jax")
    record = example("keras_callback.py").record()
    assert set(record.metrics) == {"training.loss", "training.acc", "validation.loss", "validation.acc"}
    for points in record.metrics.values():
        assert points.steps == [0, 1]
        assert all(value >= 0 for value in points.values)
    assert record.metrics["training.loss"].values[1] < record.metrics["training.loss"].values[0]
    assert 0 <= record.result <= 1
    assert record.config["num_epochs"] == 2


def test_log_file_writer(example):
    _need("tensorboardX")
    done = example("log_file_writer.py")
    record = done.record()
    assert record.info["tensorflow"]["logdirs"] == ["logs/1"]
    assert [path.name.startswith("events.") for path in (done.folder / "logs/1").iterdir()] == [True]
    assert record.metrics["training.loss"].values == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_torch_training(example):
    torch = pytest.importorskip("torch")
    done = example("torch_training.py")
    record = done.record()
    losses = record.metrics["training.loss"].values
    assert len(losses) == 30
    assert losses[-1] == record.result < losses[0]
    assert record.config["model"]["hidden"] == 4
    with record.artifact("weights.pt").open() as file:
        weights = torch.load(file, weights_only=True)
    assert weights["0.weight"].shape == (4, 2)
