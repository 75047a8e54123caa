"""Version control."""

import os
import shutil
import subprocess
import sys

import pytest

from hallow.provenance import git as hallow_git
from hallow.provenance.experiment_info import experiment_info
from hallow.provenance.git import look_up, repositories, without_credentials
from hallow.provenance.sources import Source

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch, tmp_path):
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "a")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    (folder / "pkg").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.py").write_text("a = 1\n")
    (folder / "pkg/b.py").write_text("b = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def details(filenames):
    return [repository.detail() for repository in look_up(filenames)]


def files(repo):
    return [str(repo / "a.py"), str(repo / "pkg/b.py")]


def test_P3_one_entry_per_repository(repo):
    commit = git(repo, "rev-parse", "HEAD")
    expected = [{"url": f"git:/{os.path.realpath(repo)}", "commit": commit, "dirty": False}]
    assert repositories(files(repo)) == expected
    sources = [Source.create(name, False) for name in files(repo)]
    info = experiment_info("e", repo, sources[0], sources, [])
    assert info["repositories"] == expected
    assert experiment_info("e", repo, None, sources, [], save_git_info=False)["repositories"] == []
    source = Source.create(repo / "a.py")
    assert (source.repo, source.commit, source.is_dirty) == (expected[0]["url"], commit, False)


def test_dirty_means_changes_of_tracked_files(repo):
    (repo / "new.py").write_text("")
    assert repositories(files(repo))[0]["dirty"] is False
    (repo / "a.py").write_text("a = 2\n")
    assert repositories(files(repo))[0]["dirty"] is True
    git(repo, "add", "a.py")
    assert repositories(files(repo))[0]["dirty"] is True


def test_P11_untracked_sources_are_named(repo):
    (repo / "new.py").write_text("")
    (repo / "notes.txt").write_text("")
    (found,) = details([*files(repo), str(repo / "new.py")])
    assert found["untracked"] == ["new.py"]
    assert found["dirty"] is False


def test_git_diff(repo, tmp_path):
    """Commit, diff and names are enough to make the tree again."""
    (repo / "a.py").write_bytes("a = 'é'\r\n".encode("latin-1"))
    (repo / "pkg/b.py").unlink()
    (repo / "picture.bin").write_bytes(b"\0\1\2")
    git(repo, "add", "picture.bin")
    (found,) = details([str(repo / "a.py")])
    assert found["branch"] == "main"
    assert found["diff_truncated"] is False
    again = tmp_path / "again"
    git(tmp_path, "clone", "-q", str(repo), str(again))
    diff = found["diff"].encode("utf-8", "surrogateescape")
    subprocess.run(["git", "apply", "--binary", "-"], cwd=again, input=diff, check=True)
    for name in ("a.py", "picture.bin"):
        assert (again / name).read_bytes() == (repo / name).read_bytes()
    assert not (again / "pkg/b.py").exists()


def test_a_long_diff_is_cut(repo, monkeypatch):
    monkeypatch.setattr(hallow_git, "MAX_DIFF", 50)
    (repo / "a.py").write_text("x = 1\n" * 100)
    (found,) = details(files(repo))
    assert len(found["diff"]) == 50
    assert found["diff_truncated"] is True


# ------------------------------------------------------------------------------------------- odd situations


def test_git_required_no_commit_yet(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("")
    assert repositories([str(tmp_path / "a.py")]) == []
    assert "no commit" in details([str(tmp_path / "a.py")])[0]["reason"]


def test_P4_a_repository_without_a_commit_gives_no_entry(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("")
    source = Source.create(tmp_path / "a.py")
    assert (source.repo, source.commit, source.is_dirty) == (None, None, None)


def test_git_required_no_git(repo, monkeypatch, caplog):
    monkeypatch.setenv("PATH", "")
    assert repositories(files(repo)) == []
    assert "not installed" in details(files(repo))[0]["reason"]
    assert "no git information" in caplog.text


def test_the_program_that_gitpython_is_told_of(repo, tmp_path, run_script):
    """It need not be on the path."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "my-git").symlink_to(shutil.which("git"))
    done = run_script(
        """
        import sys
        from hallow.provenance.git import look_up
        (found,) = look_up(sys.argv[1:])
        print(found.commit, found.detail()["diff"] == "", found.reason)
        """,
        str(repo / "a.py"),
        env={"PATH": str(tmp_path), "GIT_PYTHON_GIT_EXECUTABLE": str(tmp_path / "programs" / "my-git")},
    )
    assert done.out.split() == [git(repo, "rev-parse", "HEAD"), "True"], done.err


def test_git_required_no_gitpython(repo, monkeypatch):
    monkeypatch.setitem(sys.modules, "git", None)
    assert repositories(files(repo)) == []
    assert "GitPython" in details(files(repo))[0]["reason"]


def test_git_required_bare(repo):
    git(repo, "config", "core.bare", "true")
    assert repositories(files(repo)) == []
    assert details(files(repo))[0]["reason"]


def test_git_required_dubious_ownership(repo, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert repositories(files(repo)) == []
    assert "dubious ownership" in details(files(repo))[0]["reason"]


def test_git_required_detached_head(repo):
    git(repo, "checkout", "-q", "--detach")
    (found,) = details(files(repo))
    assert found["branch"] is None
    assert "detached" in found["reason"]
    assert repositories(files(repo))[0]["commit"] == git(repo, "rev-parse", "HEAD")


def test_git_required_worktree(repo, tmp_path):
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    (found,) = details([str(tmp_path / "tree/a.py")])
    assert found["branch"] == "side"
    assert found["commit"] == git(repo, "rev-parse", "HEAD")


def test_git_required_submodule(repo, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "inner")
    (outer / "main.py").write_text("")
    git(outer, "add", ".")
    git(outer, "commit", "-q", "-m", "outer")
    found = repositories([str(outer / "inner/a.py"), str(outer / "main.py")])
    assert [entry["commit"] for entry in found] == [
        git(outer, "rev-parse", "HEAD"),
        git(repo, "rev-parse", "HEAD"),
    ]


def test_git_required_broken_file(tmp_path):
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    (tmp_path / "a.py").write_text("")
    assert repositories([str(tmp_path / "a.py")]) == []
    assert details([str(tmp_path / "a.py")])[0]["reason"]


def test_no_program_is_started_under_mpi(repo, monkeypatch):
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    monkeypatch.setattr(subprocess, "Popen", None)
    assert repositories(files(repo)) == []
    assert "MPI" in details(files(repo))[0]["reason"]


def test_outside_of_a_repository_gitpython_is_not_loaded(tmp_path, run_script):
    done = run_script("""
        import sys
        from hallow.provenance.git import look_up
        print(look_up([__file__]), "git" in sys.modules)
    """)
    assert done.out == "[] False\n", done.err


# ------------------------------------------------------------------------------------------------- secrets


def test_secrets(repo):
    """The address of the remote is recorded without what is secret in it."""
    git(repo, "remote", "add", "origin", "https://user:t0ken@example.org/u/p.git")
    (found,) = look_up(files(repo))
    assert found.url == "https://example.org/u/p.git"
    assert "t0ken" not in repr(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@host/x.git", "https://host/x.git"),
        ("https://token@host/x.git", "https://host/x.git"),
        ("https://us@er:p@w@host/x", "https://host/x"),
        ("ssh://git:pw@host:22/x", "ssh://git@host:22/x"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("git@host:u/p.git", "git@host:u/p.git"),
        ("https://host/p@1/x", "https://host/p@1/x"),
        ("see mongodb://u:p@h:27017/db now", "see mongodb://h:27017/db now"),
        ("https://host/x?private_token=abc&y=1", "https://host/x?private_token=***&y=1"),
        ("/home/u/p", "/home/u/p"),
    ],
)
def test_credentials_are_removed(text, shown):
    assert without_credentials(text) == shown
