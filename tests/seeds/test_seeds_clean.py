"""Examples that say ``import sacred`` run where nobody has installed Sacred, or anything else that hallow does not need."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import venv

import pytest

import hallow
from seeds_running import ROOT, SCRIPTS

NEEDS_MORE = {"keras_callback.py", "log_file_writer.py", "svm.py", "torch_training.py", "two_models/main.py"}
STORES = "stores.py"  # its command uses stores that need packages


def requirements(name):
    """The distributions that one needs, without extras, and what those need."""
    from packaging.requirements import Requirement

    found, waiting = {}, [name]
    while waiting:
        distribution = importlib.metadata.distribution(waiting.pop())
        if distribution.name not in found:
            found[distribution.name] = distribution
            needs = [Requirement(text) for text in distribution.requires or ()]
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def link(distribution, site):
    """Put the modules of a distribution into another site folder."""
    for top in {path.parts[0] for path in distribution.files if path.parts[0] not in ("..", "__pycache__")}:
        if not top.endswith(".pth") and not (site / top).exists():
            (site / top).symlink_to(distribution.locate_file(top))


@pytest.fixture(scope="module", params=["linked", pytest.param("installed", marks=pytest.mark.slow)])
def clean_python(request, tmp_path_factory):
    """The Python of a virtual environment with hallow and what it requires: as pip makes it, or, at once, by links."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=request.param == "installed", symlinks=True)
    python = folder / "bin" / "python"
    if request.param == "installed":
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
    else:
        site = next((folder / "lib").glob("python*/site-packages"))
        for distribution in requirements("hallow").values():
            link(distribution, site)
        # It is the checkout that is tested, however it is installed here.
        (site / "checkout.pth").write_text(str(ROOT / "src") + "\n")
    return str(python)


def test_the_environment_is_clean(clean_python):
    script = "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions()))"
    shown = subprocess.run([clean_python, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {re.sub("[-_.]+", "-", name).lower() for name in shown} - {"pip", "setuptools"} == {
        re.sub("[-_.]+", "-", name).lower() for name in requirements("hallow")
    }
    script = "import hallow, sys; print(hallow.__version__); import sacred"
    done = subprocess.run([clean_python, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == hallow.__version__
    assert done.stderr.strip().endswith("ModuleNotFoundError: No module named 'sacred'")


@pytest.mark.parametrize("name", sorted({*SCRIPTS} - NEEDS_MORE - {STORES}))
def test_examples(clean_python, example, name):
    example(name, code={"captured.py": 1, "hard_exit.py": 3}.get(name, 0), python=clean_python)


def test_a_file_store(clean_python, alias, examples):
    assert alias(f"examples/sacred/{STORES}", python=clean_python).record("stores_file").result == 3


@pytest.mark.parametrize(
    ("stores", "extra"), [('["tinydb"]', "hallow[tinydb]"), ('["sql"]', "hallow[sql]"), ('["mongo"]', "hallow[mongo]")]
)
def test_a_store_that_needs_a_package(clean_python, alias, examples, stores, extra):
    """It says which one."""
    words = (f"examples/sacred/{STORES}", "with", f"stores={stores}")
    done = alias(*words, python=clean_python, code=1, MONGO_URL="mongodb://127.0.0.1:1")
    assert f'pip install "{extra}"' in done.err


def test_the_experiment_of_the_image(clean_python, alias, tmp_path):
    (tmp_path / "experiment.py").write_text((ROOT / "examples/docker/experiment.py").read_text())
    assert alias("experiment.py", python=clean_python).out == "x = 2.000\n"
