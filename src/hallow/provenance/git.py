"""Version control: which commit the code was at, and what was changed since.

Nothing here ever fails a run. What cannot be found out has a reason, as a sentence.
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.provenance.processes import mpi_is_running, starts_no_processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Repository", "entries", "look_up", "repositories", "without_credentials"]

MAX_DIFF = 1_000_000
"""Characters of a diff that are kept."""

_SECONDS = 20  # a repository on a network drive may never answer
_STATUS = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=untracked")
_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--binary", "HEAD")
_log = logging.getLogger("hallow.provenance")


def without_credentials(text: str) -> str:
    """``text`` with user names, passwords and tokens removed from the URLs in it.

    The user of an ``ssh://`` or ``git@host:path`` address is no secret and stays.
    """
    text = re.sub(r"\b((?!ssh://)[a-zA-Z][\w+.-]*://)[^/\s@]*(?:@[^/\s@]*)*@", r"\1", text)
    text = re.sub(r"\b(ssh://[^/\s:@]*):[^/\s]*@", r"\1@", text)
    return re.sub(r"(?i)([?&][\w-]*(?:token|password|secret|key|sig)[\w-]*=)[^&#\s]+", r"\1***", text)


class Repository(NamedTuple):
    """The state of one working tree.

    Attributes:
        root: its folder.
        sources: the files of the experiment that lie in it.
        url: address of the remote ``origin`` without credentials, or ``git:/`` and the folder.
        commit: 40 hex digits, or ``None``.
        dirty: whether tracked files have uncommitted changes; ``None`` if unknown.
        branch: its name, or ``None``.
        reason: why something is unknown; empty if nothing is.
    """

    root: str
    sources: tuple[str, ...]
    url: str = ""
    commit: str | None = None
    dirty: bool | None = None
    branch: str | None = None
    reason: str = ""

    def entry(self) -> dict[str, Any] | None:
        """What the experiment's record holds of it; ``None`` without a commit."""
        if self.commit is None or self.dirty is None:
            return None
        return {"url": self.url, "commit": self.commit, "dirty": self.dirty}

    def detail(self) -> dict[str, Any]:
        """Also branch, diff against HEAD, names of recorded sources that are not tracked, reason."""
        facts: dict[str, Any] = {
            "root": self.root,
            "url": self.url,
            "commit": self.commit,
            "dirty": self.dirty,
            "branch": self.branch,
            "diff": None,
            "diff_truncated": False,
            "untracked": None,
            "reason": self.reason,
        }
        if self.commit is not None and self.dirty is not None:
            try:
                self._add_changes(facts)
            except Exception as error:
                facts["reason"] = f"the changes are unknown: {_sentence(error)}"
        return facts

    def _add_changes(self, facts: dict[str, Any]) -> None:
        names = [os.path.relpath(path, self.root) for path in self.sources]
        listed = _git(self.root, "ls-files", "-z", "--others", "--", *(f":(literal){name}" for name in names))
        facts["untracked"] = sorted(name for name in listed.split("\0") if name)
        diff = ""
        if self.dirty:
            diff = _git(self.root, "diff", *_DIFF, strip=False)
        facts["diff_truncated"] = len(diff) > MAX_DIFF
        facts["diff"] = diff[:MAX_DIFF]


def repositories(filenames: Iterable[str]) -> list[dict[str, Any]]:
    """``url``, ``commit``, ``dirty`` of the repositories that hold these files, in order of folder."""
    return entries(look_up(filenames))


def entries(found: Iterable[Repository]) -> list[dict[str, Any]]:
    """What the experiment's record holds of repositories already looked up."""
    return [entry for entry in (repository.entry() for repository in found) if entry is not None]


def look_up(filenames: Iterable[str]) -> list[Repository]:
    """The repositories that hold these files, in order of folder; each is asked once."""
    held: dict[str, list[str]] = {}
    roots: dict[str, str | None] = {}
    for path in sorted(set(map(os.path.realpath, filenames))):
        root = _root_of(os.path.dirname(path), roots)
        if root is not None:
            held.setdefault(root, []).append(path)
    return [_inspect(root, tuple(paths)) for root, paths in sorted(held.items())]


def _root_of(folder: str, known: dict[str, str | None]) -> str | None:
    """The nearest folder upwards that has ``.git`` (a folder, or a file in worktrees and submodules)."""
    if folder not in known:
        parent = os.path.dirname(folder)
        if os.path.exists(os.path.join(folder, ".git")):
            known[folder] = folder
        else:
            known[folder] = None if parent == folder else _root_of(parent, known)
    return known[folder]


def _inspect(root: str, sources: tuple[str, ...]) -> Repository:
    reason = _cannot_ask()
    if not reason:
        try:
            return _ask(root, sources)
        except Exception as error:
            reason = _sentence(error)
    _log.warning("no git information about %s: %s", root, reason)
    return Repository(root, sources, reason=reason)


def _cannot_ask() -> str:
    from shutil import which

    if starts_no_processes():
        return "no other program is started under MPI" if mpi_is_running() else "no other program may be started"
    if which(os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git") is None:
        return "the program git is not installed"
    try:
        import git
    except ImportError as error:
        return f"GitPython cannot be imported ({error})"
    del git
    return ""


def _ask(root: str, sources: tuple[str, ...]) -> Repository:
    status = _git(root, "status", *_STATUS)
    lines = status.split("\0")
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    commit: str | None = heads.get("branch.oid")
    branch: str | None = heads.get("branch.head")
    reason = ""
    if branch == "(detached)":
        branch, reason = None, "no branch: HEAD is detached"
    if commit is None or commit == "(initial)":
        commit, reason = None, "the repository has no commit yet"
    dirty = any(line and not line.startswith("#") for line in lines)
    return Repository(root, sources, _url(root), commit, dirty, branch, reason)


def _url(root: str) -> str:
    from git import Repo

    with Repo(root) as repository:
        if "origin" in (remote.name for remote in repository.remotes):
            return without_credentials(next(iter(repository.remotes["origin"].urls)))
    return f"git:/{root}"


def _git(root: str, *arguments: str, strip: bool = True) -> str:
    """What git says; it takes no lock, so that a git of the user's in the same tree is not disturbed."""
    from git import Git

    limit = {} if os.name == "nt" else {"kill_after_timeout": _SECONDS}
    # GitPython knows the program that its user has named in GIT_PYTHON_GIT_EXECUTABLE.
    command: Sequence[str] = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", "--no-optional-locks", *arguments]
    answer = Git(root).execute(command, strip_newline_in_stdout=strip, stdout_as_string=False, **limit)
    # A diff of files in another encoding must come back byte by byte: encode it with the same error handler.
    return bytes(answer).decode("utf-8", "surrogateescape")


def _sentence(error: Exception) -> str:
    text = str(getattr(error, "stderr", "") or error).strip()
    text = re.sub(r"^stderr:\s*'?", "", text).strip("' \n")
    if "dubious ownership" in text:
        return "git refuses a folder that belongs to another user (dubious ownership)"
    first = text.splitlines()[0] if text else type(error).__name__
    return without_credentials(first)
