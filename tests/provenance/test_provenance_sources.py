"""Which files are the user's own code."""

import importlib.util
import os
import subprocess
import sys
import textwrap
from hashlib import md5
from pathlib import Path
from types import ModuleType

import pytest

from hallow.provenance.sources import (
    Source,
    convert_path_to_module_parts,
    find_sources,
    get_digest,
    get_py_file_if_possible,
    is_local_source,
    iterate_imported_modules,
    main_file,
    project_root,
)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


PROBE = """
import os
from hallow.provenance.sources import find_sources, main_file
def found(strategy, base=None):
    main = main_file(globals())
    base = base or os.path.dirname(main)
    return sorted(os.path.relpath(s.filename, base).replace(os.sep, "/") for s in
                  find_sources(strategy, main, base, globals()))
"""


# ------------------------------------------------------------------------------------------------ digests


def test_digest_is_the_md5_and_follows_changes(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"x" * 3_000_000)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert get_digest(path) == md5(b"x" * 3_000_000).hexdigest() == get_digest(str(path))
    path.write_bytes(b"y" * 3_000_000)
    assert get_digest(path) == md5(b"y" * 3_000_000).hexdigest()


def test_source_equality_and_json(tmp_path):
    (tmp_path / "a.py").write_text("1")
    source = Source.create(tmp_path / "a.py", save_git_info=False)
    name = os.path.realpath(tmp_path / "a.py")
    assert source == name
    assert source == Source(name, "other")
    assert hash(source) == hash(name)
    assert source.to_json(tmp_path) == ("a.py", md5(b"1").hexdigest())
    assert source.to_json() == (name, md5(b"1").hexdigest())
    assert repr(source) == f"<Source: {name}>"
    assert (source.repo, source.commit, source.is_dirty) == (None, None, None)
    with pytest.raises(ValueError, match="no source file"):
        Source.create(tmp_path / "missing.py")


def test_P7_any_file_can_be_a_source(tmp_path):
    (tmp_path / "model.yaml").write_text("a: 1")
    assert Source.create(tmp_path / "model.yaml", False).to_json(tmp_path)[0] == "model.yaml"


def test_py_file_beside_a_compiled_one(tmp_path):
    (tmp_path / "a.py").write_text("")
    assert get_py_file_if_possible(str(tmp_path / "a.pyc")) == str(tmp_path / "a.py")
    assert get_py_file_if_possible(str(tmp_path / "b.pyc")) == str(tmp_path / "b.pyc")


# ------------------------------------------------------------------------------------------- the local test


@pytest.mark.parametrize(
    ("file", "module", "path", "local"),
    [
        ("./foo.py", "bar", ".", False),
        ("./bar.py", "bar", ".", True),
        ("bar.pyc", "bar", ".", True),
        ("./venv/py/bar.py", "bar", ".", False),
        ("./venv/py/bar.py", "venv.py.bar", ".", True),
        ("bar.pyc", "some.bar", ".", False),
        ("/home/user/bar.py", "user.bar", "/home/user/", True),
        ("bar/__init__.py", "bar", ".", True),
        ("bar/__init__.py", "foo", ".", False),
        ("/home/user/bar/__init__.py", "home.user.bar", "/home/user/", True),
        ("/home/user/bar/__init__.py", "home.user.foo", "/home/user/", False),
    ],
)
def test_is_local_source(file, module, path, local):
    assert is_local_source(file, module, path) is local


def test_module_parts():
    assert convert_path_to_module_parts(Path("pkg/sub/__init__.py")) == ["pkg", "sub"]
    assert convert_path_to_module_parts("a.py") == ["a"]


# ---------------------------------------------------------------------------------------------- strategies


@pytest.fixture
def measured(tmp_path, run_script):
    write(
        tmp_path,
        helper="x = 1",
        pkg__a="import pkg.b",
        pkg__b="",
        pkg__sub__c="",
        viafrom="F = 1",
        viafunc="def fn(): pass",
        lazy="",
        unused="",
    )
    (tmp_path / "pkg/__init__.py").touch()
    (tmp_path / "pkg/sub/__init__.py").touch()

    def run(strategy):
        done = run_script(
            PROBE
            + textwrap.dedent(f"""
                import helper, pkg.a
                from pkg.sub import c
                from viafrom import F
                from viafunc import fn
                print(*found({strategy!r}))
                """),
            name="main.py",
        )
        assert not done.err, done.err
        return set(done.out.split())

    return run


IMPORTED = {"helper.py", "main.py", "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/c.py", "viafunc.py"}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("none", {"main.py"}),
        ("imported", IMPORTED),
        ("sys", IMPORTED | {"pkg/a.py", "pkg/b.py", "viafrom.py"}),
        ("project", IMPORTED | {"pkg/a.py", "pkg/b.py", "viafrom.py"}),
        ("dir", IMPORTED | {"pkg/a.py", "pkg/b.py", "viafrom.py", "lazy.py", "unused.py"}),
    ],
)
def test_what_each_strategy_finds(measured, strategy, expected):
    assert measured(strategy) == expected


def test_unknown_strategy_is_a_key_error(tmp_path):
    with pytest.raises(KeyError):
        find_sources("everything", None, tmp_path, {})


@pytest.mark.parametrize("strategy", ["imported", "sys", "project"])
def test_P1_local_files_with_names_of_the_standard_library(tmp_path, run_script, strategy):
    names = ("data", "user", "new", "commands", "parser", "code", "cmd")
    write(tmp_path, **dict.fromkeys(names, "x = 1"))
    done = run_script(PROBE + f"import {', '.join(names)}\nprint(*found({strategy!r}))")
    assert set(done.out.split()) == {f"{name}.py" for name in (*names, "exp")}, done.err


def test_P2_sources_imported_late_and_by_constants(tmp_path, run_script):
    write(tmp_path, viafrom="F = 1", lazy="")
    done = run_script(PROBE + "from viafrom import F\nprint(*found('project'))\nimport lazy\nprint(*found('project'))")
    assert done.out.splitlines() == ["exp.py viafrom.py", "exp.py lazy.py viafrom.py"], done.err


@pytest.mark.parametrize("how", ["bin", "module", "late"])
def test_sources_missed(tmp_path, how):
    """The same set of files, however the program is started."""
    write(
        tmp_path,
        src__pack__core="import pack.deep",
        src__pack__deep="",
        bin__run="import pack.core" + PROBE + "print(*found('project', os.environ['ROOT']))",
        src__pack__run="import pack.core" + PROBE + "print(*found('project', os.environ['ROOT']))",
        src__pack__late=PROBE + "def go():\n    import pack.core\ngo()\nprint(*found('project', os.environ['ROOT']))",
    )
    (tmp_path / "src/pack/__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    command = {"bin": ["bin/run.py"], "module": ["-m", "pack.run"], "late": ["-m", "pack.late"]}[how]
    path = os.pathsep.join([str(tmp_path / "src"), *sys.path])
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "ROOT": os.path.realpath(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    own = {"bin": "bin/run.py", "module": "src/pack/run.py", "late": "src/pack/late.py"}[how]
    expected = {own, "src/pack/__init__.py", "src/pack/core.py", "src/pack/deep.py"}
    assert set(done.stdout.split()) == expected


def test_an_editable_install_is_project_code(tmp_path, run_script):
    site = tmp_path / "site"
    info = site / "other-1.0.dist-info"
    info.mkdir(parents=True)
    library = tmp_path / "library"
    write(library, othermod="")
    (info / "direct_url.json").write_text(f'{{"url": "{library.as_uri()}", "dir_info": {{"editable": true}}}}')
    done = run_script(
        f"import sys; sys.path[:0] = [{str(site)!r}, {str(library)!r}]" + PROBE + "import othermod\n"
        "print(*found('project'))",
        name="work/exp.py",
    )
    assert done.out.split() == ["../library/othermod.py", "exp.py"], done.err


def test_a_virtual_environment_inside_an_editable_package_is_no_project_code(tmp_path, run_script):
    (tmp_path / "pyproject.toml").touch()
    site = tmp_path / ".venv/lib/site-packages"
    info = site / "mine-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / ".venv/pyvenv.cfg").touch()
    (site / "installed.py").touch()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "direct_url.json").write_text(f'{{"url": "{tmp_path.as_uri()}", "dir_info": {{"editable": true}}}}')
    write(tmp_path, src__mine="")
    done = run_script(
        f"import sys; sys.path[:0] = [{str(site)!r}, {str(tmp_path / 'src')!r}]" + PROBE + "import installed, mine\n"
        "print(*found('project'))\n"
        "from hallow.provenance.packages import find_packages\n"
        "print(*(d.to_json() for d in find_packages('sys') if d.name in ('mine', 'hallow')))",
        name="work/exp.py",
    )
    first, second = done.out.splitlines()
    assert first.split() == ["../src/mine.py", "exp.py"], done.err
    assert "mine==1.0" in second


def test_installed_packages_virtual_environments_and_hallow_are_no_sources(tmp_path, run_script):
    (tmp_path / "pyproject.toml").touch()
    write(tmp_path, env__lib__inenv="")
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "lib/site-packages").mkdir(parents=True)
    (tmp_path / "lib/site-packages/installed.py").touch()
    done = run_script(
        "import sys; sys.path[:0] = ['env/lib', 'lib/site-packages']"
        + PROBE
        + "import inenv, installed, json, wrapt\nprint(*found('project'))"
    )
    assert done.out.split() == ["exp.py"], done.err


def test_project_root_is_the_nearest_marked_folder(tmp_path):
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    (tmp_path / "a/pyproject.toml").touch()
    assert project_root(inner) == os.path.realpath(tmp_path / "a")


# ------------------------------------------------------------------------------------------ strange modules


class Raising(ModuleType):
    def __getattr__(self, name):
        raise RuntimeError(name)


def below(folder, sources):
    """Other modules of this process may belong to projects too, such as packages installed in editable mode."""
    root = os.path.realpath(folder) + os.sep
    return {source.filename for source in sources if source.filename.startswith(root)}


class Odd:
    __slots__ = ()

    def __getattribute__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize("strategy", ["imported", "sys", "project"])
def test_namespace_crash(tmp_path, monkeypatch, strategy):
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    nothing = ModuleType("nothing")
    nothing.__file__ = None
    zipped = ModuleType("zipped")
    zipped.__file__ = str(tmp_path / "archive.zip/zipped.py")
    looped = ModuleType("loop")
    looped.__file__ = str(loop)
    strange = {
        "nothing": nothing,
        "zipped": zipped,
        "loop": looped,
        "raising": Raising("raising"),
        "odd": Odd(),
        "none": None,
        "namespace": ModuleType("namespace"),
    }
    for name, module in strange.items():
        monkeypatch.setitem(sys.modules, name, module)
    (tmp_path / "main.py").touch()
    found = find_sources(strategy, tmp_path / "main.py", tmp_path, dict(strange))
    assert below(tmp_path, found) == {os.path.realpath(tmp_path / "main.py")}


def test_looking_does_not_load_lazy_modules(tmp_path, monkeypatch):
    (tmp_path / "lazymod.py").write_text("raise AssertionError('loaded')")
    spec = importlib.util.spec_from_file_location("lazymod", tmp_path / "lazymod.py")
    loader = importlib.util.LazyLoader(spec.loader)
    spec.loader = loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazymod", module)
    loader.exec_module(module)
    found = find_sources("project", None, tmp_path, {})
    assert below(tmp_path, found) == {os.path.realpath(tmp_path / "lazymod.py")}


@pytest.mark.parametrize("strategy", ["project", "sys"])
def test_what_was_imported_since_is_found(tmp_path, monkeypatch, strategy):
    """Whatever was remembered of an earlier look: modules added, exchanged and removed are noticed."""
    (tmp_path / "pyproject.toml").touch()

    def imported(name, file):
        (tmp_path / file).touch()
        module = ModuleType(name)
        module.__file__ = str(tmp_path / file)
        monkeypatch.setitem(sys.modules, name, module)

    def names():
        return {os.path.basename(path) for path in below(tmp_path, find_sources(strategy, None, tmp_path, {}))}

    assert names() == set()
    imported("one", "one.py")
    imported("two", "two.py")
    assert names() == names() == {"one.py", "two.py"}
    if strategy == "project":  # any name will do for a file
        imported("one", "three.py")
        assert names() == {"two.py", "three.py"}
    monkeypatch.delitem(sys.modules, "two")
    imported("four", "four.py")
    assert "four.py" in names()
    assert "two.py" not in names()


def test_P10_a_source_that_vanished_is_left_out(tmp_path):
    assert find_sources("none", tmp_path / "gone.py", tmp_path, {}) == set()


def test_main_file_and_imported_modules():
    assert main_file({"__file__": __file__}) == os.path.realpath(__file__)
    assert main_file({}) is None
    names = {name for name, _ in iterate_imported_modules({"p": os.path, "d": Path.cwd, "x": 3})}
    assert {"posixpath", "pathlib"} & names
