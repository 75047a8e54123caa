"""Which installed distributions the imported modules come from."""

import re
import sys
from types import ModuleType

import pytest

from hallow.provenance import packages
from hallow.provenance.packages import MODULE_BLACKLIST, PackageDependency, checked_dependency, find_packages


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder of installed packages on ``sys.path``; what is imported from it is forgotten afterwards."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    def install(name, version, *files, record=True, top_level=None):
        folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\nName: no\n")
        for file in files:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            (site / file).write_text("")
        if record:
            (folder / "RECORD").write_text("".join(f"{file},sha256=x,1\n" for file in files))
        if top_level:
            (folder / "top_level.txt").write_text(top_level + "\n")

    return install


def found(*modules):
    for name in modules:
        __import__(name)
    return {(d.name, d.version) for d in find_packages("sys")}


def test_deps_wrong(installed):
    """Names of modules and of distributions differ; ownership decides."""
    installed("PyTinyYaml", "6.0.1", "tinyyaml/__init__.py")
    installed("opencv-like-headless", "4.8", "cvlike/__init__.py", record=False, top_level="cvlike")
    installed("docopt-like-ng", "0.9.0", "docoptlike.py")
    installed("docoptlike", "0.6", "other_file.py")
    installed("nspace-core", "1.0", "nspace/core/__init__.py")
    installed("nspace-extra", "2.0", "nspace/extra/thing.py")
    installed("nspace-unused", "3.0", "nspace/unused/__init__.py")
    installed("vendoring", "1.1", "vendoring/__init__.py", "vendoring/vendored/__init__.py")
    got = found("tinyyaml", "cvlike", "docoptlike", "nspace.core", "nspace.extra.thing", "vendoring.vendored")
    assert got >= {
        ("PyTinyYaml", "6.0.1"),
        ("opencv-like-headless", "4.8"),
        ("docopt-like-ng", "0.9.0"),
        ("nspace-core", "1.0"),
        ("nspace-extra", "2.0"),
        ("vendoring", "1.1"),
    }
    assert not {name for name, _ in got} & {"docoptlike", "nspace-unused", "vendored"}


def test_P6_packages_without_top_level_are_found(installed):
    installed("modernpkg", "3.1.1", "modernpkg/__init__.py")
    assert ("modernpkg", "3.1.1") in found("modernpkg")


def test_local_modules_the_standard_library_and_packaging_tools_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "localmod.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    import json  # noqa: F401

    import pip  # noqa: F401

    names = {name for name, _ in found("localmod")}
    assert not names & {"localmod", "json", "pip", "setuptools"}
    assert {"sys", "json", "pip", "setuptools", "pkg_resources"} <= set(MODULE_BLACKLIST)


def test_imported_looks_at_the_given_globals_only():
    import pytest as something

    names = {d.name for d in find_packages("imported", {"x": something})}
    assert "pytest" in names
    assert "hypothesis" not in names


def test_numpy_counts_by_being_installed():
    pytest.importorskip("numpy")
    assert "numpy" in {d.name for d in find_packages("imported", {})}
    assert find_packages("none", {}) == set()


def test_pkg_gives_everything_installed():
    assert {"pytest", "wrapt"} <= {d.name for d in find_packages("pkg")}


def test_unknown_strategy_is_a_key_error():
    with pytest.raises(KeyError):
        find_packages("guess")


def test_once_found_packages_cost_little(monkeypatch):
    """No list of files is read again, and no owner looked for."""
    found = find_packages("sys")
    for name in ("_read_file", "_find_owners"):
        monkeypatch.setattr(packages, name, None)
    assert find_packages("sys") == found
    assert "pytest" in {d.name for d in found}


# ------------------------------------------------------------------------------------------- PackageDependency


def test_create_and_fill_missing_version():
    dependency = PackageDependency.create(ModuleType("testmod"))
    assert (dependency.name, dependency.version) == ("testmod", None)
    dependency.fill_missing_version()
    assert dependency.version is None
    assert dependency.to_json() == "testmod==<unknown>"
    known = PackageDependency("pytest", None)
    known.fill_missing_version()
    assert known.version == pytest.__version__
    assert PackageDependency.create(pytest).name == "pytest"


def test_equality_order_and_text():
    a, b = PackageDependency("a", "1"), PackageDependency("b", "2")
    assert a == PackageDependency("a", "3")
    assert hash(a) == hash(PackageDependency("a", "3"))
    assert a != b
    assert sorted([b, a]) == [a, b]
    assert repr(a) == "<PackageDependency: a=1>"


GOOD = (
    "0.9.11 2012.04 1!1.1 17.10a104 43.0rc1 0.9.post3 12.4a22.post8 13.3rc2.dev1515 1.0b2.post345.dev456 "
    "1.0.post456.dev34 1.1.dev1 2.3.1+cu118 1"
).split()


@pytest.mark.parametrize("version", GOOD)
def test_versions_that_are_accepted(version):
    assert packages.PEP440_VERSION_PATTERN.match(version)
    assert checked_dependency("x", version).to_json() == f"x=={version}"


@pytest.mark.parametrize("version", ["foo", "_12_", "version 4", "1.0a", "v1.0", "1.0-rc1", "1.0+", ""])
def test_versions_that_are_refused(version):
    with pytest.raises(ValueError, match=re.escape(f'Invalid Version: "{version}"')):
        checked_dependency("x", version)
