"""What a record says about the experiment itself."""

import os

from hallow.provenance.experiment_info import experiment_info, gather_sources_and_dependencies
from hallow.provenance.packages import PackageDependency
from hallow.provenance.sources import Source, get_digest


def test_content_and_order(tmp_path):
    base = tmp_path / "base"
    (base / "pkg").mkdir(parents=True)
    for name in ("b.py", "pkg/a.py", "../out.py"):
        (base / name).write_text(name)
    names = ["pkg/a.py", "../out.py", "b.py", "b.py"]
    sources = [Source.create(base / name, False) for name in names]
    dependencies = [PackageDependency(*pair) for pair in (("Zeta", "1"), ("alpha", "2"), ("nowhere-xyz", None))]
    info = experiment_info("demo", base, sources[2], sources, dependencies)
    assert info == {
        "name": "demo",
        "base_dir": os.path.abspath(base),
        "sources": [(name, get_digest(base / name)) for name in ("b.py", "pkg/a.py", "../out.py")],
        "dependencies": ["alpha==2", "nowhere-xyz==<unknown>", "Zeta==1"],
        "repositories": [],
        "mainfile": "b.py",
    }


def test_without_a_main_file(tmp_path):
    assert experiment_info("demo", tmp_path, None, [], [])["mainfile"] is None


def test_base_dir_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    info = experiment_info("demo", tmp_path / "link", None, [Source.create(tmp_path / "link/a.py", False)], [])
    assert [path for path, _ in info["sources"]] == ["a.py"]


def test_gather(sacred_profile):
    main, sources, dependencies = gather_sources_and_dependencies(globals(), save_git_info=False)
    assert main == os.path.realpath(__file__)
    assert main in sources
    assert "pytest" not in {dependency.name for dependency in dependencies}
