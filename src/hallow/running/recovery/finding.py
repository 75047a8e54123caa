"""Where journals are, and what a journal without a readable header must have said."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.errors import JournalError, MissingExtraError, StoreError
from hallow.journal.journal import Journal
from hallow.journal.layout import HEADER
from hallow.journal.place import journals_dir
from hallow.records.urls import same_place
from hallow.stores.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_journals", "header_of_store", "is_url", "journals_of"]


def is_url(target: Any) -> bool:
    """Whether a target is a store's URL, not a path."""
    return isinstance(target, str) and ":" in target[2:] and not os.path.exists(target)


def find_journals(target: str | os.PathLike[str] | None = None) -> Iterator[str]:
    """The journals of a store, of one run's folder, or all that this user's runs left on this machine.

    Args:
        target: path or URL of a store, a run's folder, a journal, or ``None``.

    Raises:
        JournalError: if there is no such folder.
    """
    if target is None:
        yield from _below(journals_dir())
        return
    folder = os.fspath(target)
    if not is_url(target) and not os.path.exists(folder):
        raise JournalError(f"there is no folder {folder!r}; give a store, the folder of a run, or a journal")
    if os.path.isfile(os.path.join(folder, HEADER)):
        yield folder
        return
    if os.path.isdir(folder):
        yield from _inside(folder)
    url = _url_of(folder)
    yield from (journal for journal in _below(journals_dir()) if _is_for(journal, url))


def _inside(folder: str) -> Iterator[str]:
    """The journals in a folder: of a run, of a file store, or of journals."""
    own = os.path.join(folder, ".hallow", "journal")
    if os.path.isfile(os.path.join(own, HEADER)):
        yield own
    yield from _below(folder)
    for name in sorted(os.listdir(folder), key=_natural):
        inside = os.path.join(folder, name, ".hallow", "journal")
        if os.path.isfile(os.path.join(inside, HEADER)):
            yield inside


def _url_of(target: str) -> str:
    """How a store calls itself; as it was given, if it is out of reach."""
    try:
        with opened(target) as store:
            return store.url
    except (StoreError, MissingExtraError):
        return target


def journals_of(observer: Any, run_id: Any) -> list[str]:
    """The journals that hold what ``observer``, which has reopened the run, may lack of it."""
    own = getattr(observer, "journal_folder", None)
    if isinstance(own, str) and os.path.isfile(os.path.join(own, HEADER)):
        return [own]
    from hallow.running.safekeeping import recovery_of

    wanted = recovery_of(observer)
    return [folder for folder in find_journals() if _is_of(Journal.open(folder).header, wanted, run_id)]


def _is_of(header: dict[str, Any], wanted: dict[str, Any], run_id: Any) -> bool:
    known = [{key: spec.get(key) for key in wanted} for spec in header.get("observers", [])]
    return bool(wanted in known and str(header.get("run", {}).get("id")) == str(run_id))


def _is_for(folder: str, url: str) -> bool:
    """Whether the run of a journal was recorded in a store."""
    specs = Journal.open(folder).header.get("observers", [])
    return any(same_place(spec.get("store"), url) for spec in specs)


def _below(folder: str) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder), key=_natural):
            if os.path.isfile(os.path.join(folder, name, HEADER)):
                yield os.path.join(folder, name)


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (1 << 62, name)


def header_of_store(folder: str) -> dict[str, Any]:
    """What the header of a journal must have said, by the file store that it lies in; nothing if that does not know."""
    run_folder, own = os.path.split(os.path.dirname(os.path.abspath(folder)))
    basedir, run_id = os.path.split(run_folder)
    if own != ".hallow":
        return {}
    from hallow.observers import FileStorageObserver

    observer = FileStorageObserver(basedir)
    owner = dict(observer.unfinished()).get(run_id)
    if owner is None or len(observer.reopen(run_id).attempts) > 1:
        return {}
    return {
        "run": {"id": run_id},
        "owner": owner,
        "output": {"mode": None, "fold": True, "cap": 0, "filtered": False},
        "observers": [{**observer.recovery(), "text": True}],
    }
