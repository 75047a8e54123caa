"""Packages: which installed distributions the imported modules come from, and their versions.

The owner of a module is the distribution whose list of files names it. Only the distributions that can own an
imported module are read, which is why this takes milliseconds where a map of everything installed takes
seconds.
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from hallow.errors import ProvenanceError
from hallow.provenance.modules import iterate_imported_modules, iterate_sys_modules, module_file, modules_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from hallow.provenance.modules import ModulesState

__all__ = [
    "MODULE_BLACKLIST",
    "PEP440_VERSION_PATTERN",  # noqa: F822 - made by __getattr__
    "STRATEGIES",
    "PackageDependency",
    "checked_dependency",
    "editable_folders",
    "find_packages",
]

_PEP440 = (
    r"^(\d+!)?(\d[\d.]*\d|\d)((a|b|c|rc)\d+)?(\.post\d+)?(\.dev\d+)?"
    r"(\+[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*)?$"
)

_PACKAGING_TOOLS = frozenset({"pip", "setuptools", "pkg_resources", "wheel", "distutils"})
MODULE_BLACKLIST = sys.stdlib_module_names | set(sys.builtin_module_names) | _PACKAGING_TOOLS
"""Names of modules that are never dependencies (a local file of such a name is a source all the same)."""


def __getattr__(name: str) -> Any:
    # Compiling the pattern takes longer than importing this module, and few need it.
    if name == "PEP440_VERSION_PATTERN":
        return re.compile(_PEP440)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class PackageDependency:
    """An installed distribution that a run uses. Equal to another of the same name.

    Attributes:
        name: name of the distribution, as it calls itself.
        version: its version, or ``None`` if that is not known.
    """

    __slots__ = ("name", "version")

    modname_to_dist: ClassVar[dict[str, str]] = {}
    """Names of top-level modules to names of distributions, as far as they were looked up."""

    def __init__(self, name: str, version: str | None) -> None:
        self.name = name
        self.version = version

    @classmethod
    def create(cls, mod: Any) -> PackageDependency:
        """The dependency for a module; its version is left open."""
        top = str(mod.__name__).partition(".")[0]
        owners = _owners({top: [file] if (file := module_file(mod)) else []})
        name = owners[0].name if owners else cls.modname_to_dist.get(top, top)
        return cls(name, None)

    def fill_missing_version(self) -> None:
        """Look the version up in what is installed, if it is open; it stays open if nothing is found."""
        if self.version is None:
            found = _installed(self.name)
            self.version = found.version if found else None

    def to_json(self) -> str:
        """``name==version``; the version is ``<unknown>`` if it is open."""
        return f"{self.name}=={self.version or '<unknown>'}"

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, PackageDependency) else NotImplemented

    def __lt__(self, other: PackageDependency) -> bool:
        return self.name < other.name

    def __repr__(self) -> str:
        return f"<PackageDependency: {self.name}={self.version}>"


def checked_dependency(package_name: str, version: str) -> PackageDependency:
    """The dependency that a user states.

    Raises:
        ProvenanceError: (a ``ValueError``) if the version is none by PEP 440; local versions are accepted.
    """
    if not re.match(_PEP440, version):
        raise ProvenanceError(
            f'Invalid Version: "{version}" of package {package_name!r}; versions look like 1.2.3, 2.0rc1 or '
            "2.3.1+cu118 (PEP 440)"
        )
    return PackageDependency(package_name, version)


# --------------------------------------------------------------------------------------- distributions


class _Distribution:
    """One ``.dist-info`` or ``.egg-info`` folder (or file); its contents are read when they are needed."""

    __slots__ = ("_facts", "_record", "folder", "guess")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.guess, self._facts = _read_off(os.path.basename(folder))
        self._record: bytes | None = None

    @property
    def name(self) -> str:
        return self._header()[0]

    @property
    def version(self) -> str:
        return self._header()[1]

    def _header(self) -> tuple[str, str]:
        name, version, complete = self._facts
        if not complete:
            text = self._read("METADATA") or self._read("PKG-INFO") or _read_file(self.folder, 8192)
            head = text.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")[0]
            name = _field(head, "Name") or name
            version = _field(head, "Version") or version
            self._facts = (name, version, True)
        return name, version

    def owns(self, top: str, relative: str) -> bool:
        """Whether the file, given relative to the folder this is installed in, belongs to this."""
        if self._record is None:
            self._record = b"\n" + (self._read("RECORD") or self._top_levels()).replace(b"\r", b"")
        name = relative.replace(os.sep, "/").encode()
        quoted = b'\n"' + name if b"," in name else b"\n" + name + b","
        return quoted in self._record or b"\n" + top.encode() + b"\n" in self._record

    def _top_levels(self) -> bytes:
        return (self._read("top_level.txt") or self.guess.replace("-", "_").encode()) + b"\n"

    def _read(self, name: str) -> bytes:
        return _read_file(os.path.join(self.folder, name))


def _read_off(folder: str) -> tuple[str, tuple[str, str, bool]]:
    """Normalised name, and name and version as far as the folder's name tells them."""
    name, _, version = folder.rpartition(".")[0].partition("-")
    if folder.endswith(".egg-info"):
        version = version.partition("-py")[0]
    return _normalised(name), (name, version, False)


def _normalised(name: str) -> str:
    dashed = name.lower().replace("_", "-").replace(".", "-")
    while "--" in dashed:
        dashed = dashed.replace("--", "-")
    return dashed


def _field(head: str, field: str) -> str:
    lines = (line for line in head.split("\n") if line.startswith(f"{field}:"))
    return next(lines, "").partition(":")[2].strip()


def _read_file(path: str, limit: int = -1) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""


@lru_cache(maxsize=64)
def _distributions(folder: str, mtime_ns: int) -> list[_Distribution]:
    del mtime_ns  # part of the key: installing something changes it
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [_Distribution(os.path.join(folder, n)) for n in names if n.endswith((".dist-info", ".egg-info"))]


def _installed_in(folder: str) -> list[_Distribution]:
    try:
        return _distributions(folder, os.stat(folder).st_mtime_ns)
    except OSError:
        return []


def _everything() -> Iterator[_Distribution]:
    seen: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        for distribution in _installed_in(folder or "."):
            if distribution.guess not in seen:  # the first on the path is the one that is imported
                seen.add(distribution.guess)
                yield distribution


def _installed(name: str) -> _Distribution | None:
    wanted = _normalised(name)
    for folder in dict.fromkeys(sys.path):
        for distribution in _installed_in(folder or "."):
            if distribution.guess == wanted:
                return distribution
    return None


@lru_cache(maxsize=4)
def _editable_folders(path: tuple[str, ...]) -> tuple[str, ...]:
    del path  # part of the key
    return tuple(filter(None, map(_editable_folder, _everything())))


def _editable_folder(distribution: _Distribution) -> str | None:
    """The project folder of a package that is installed in editable mode, ending in a separator."""
    told = distribution._read("direct_url.json")
    if not told:
        return None
    import json

    try:
        url = json.loads(told)
        is_editable = url.get("dir_info", {}).get("editable")
        return os.path.realpath(_path_in(url["url"])) + os.sep if is_editable else None
    except (ValueError, KeyError, AttributeError):  # one broken package hides no other
        return None


def _path_in(url: str) -> str:
    if url.startswith("file:///") and not {"%", "?", "#"} & set(url):  # as nearly always
        return url.removeprefix("file://")
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).path)


def editable_folders() -> tuple[str, ...]:
    """The project folders of the packages that are installed in editable mode, each ending in a separator."""
    return _editable_folders(tuple(sys.path))


# ---------------------------------------------------------------------------------------------- owners

_known: dict[tuple[str, str], tuple[_Distribution, ...]] = {}  # (top-level module, one file of it) to its owners


def _owners(modules: Mapping[str, Iterable[str]]) -> list[_Distribution]:
    """The distributions that own the given files, by top-level module."""
    found: dict[int, _Distribution] = {}
    for top, files in modules.items():
        for file in files:
            key = (top, file)
            if key not in _known:
                _known[key] = tuple(_find_owners(top, file))
            for owner in _known[key]:
                found[id(owner)] = owner
                PackageDependency.modname_to_dist.setdefault(top, owner.name)
    return list(found.values())


def _find_owners(top: str, file: str) -> Iterator[_Distribution]:
    folder = _install_folder(top, file)
    relative = "" if folder is None else file[len(folder) + 1 :]
    wanted = _normalised(top)
    # The likely ones first: nine of ten packages are called as their module.
    installed = [] if folder is None else _installed_in(folder)
    for distribution in sorted(installed, key=lambda d: (d.guess != wanted, wanted not in d.guess)):
        if distribution.owns(top, relative):
            yield distribution
            return
    # An editable package lists none of its files; it is known by its name.
    named = _installed(top)
    editable = None if named is None else _editable_folder(named)
    if named is not None and editable is not None and file.startswith(editable):
        yield named


def _install_folder(top: str, file: str) -> str | None:
    """The folder of ``sys.path`` in which a file of the top-level module lies."""
    if os.path.splitext(os.path.basename(file))[0].partition(".")[0] == top:
        return os.path.dirname(file)
    before, separator, _ = file.partition(os.sep + top + os.sep)
    while separator and not _installed_in(before):
        further, separator, _ = file[len(before) + 1 :].partition(os.sep + top + os.sep)
        before = before + os.sep + further
    return before if separator else None


# ------------------------------------------------------------------------------------------ strategies


def _files_by_top(modules: Iterable[tuple[str, ModuleType]]) -> dict[str, list[str]]:
    """One file for each top-level module; for a namespace package one of each of its parts."""
    files: dict[str, str] = {}
    parts: dict[str, str] = {}
    for name, module in modules:
        top, dot, rest = name.partition(".")
        if top in MODULE_BLACKLIST or name[0:1] == "_":
            continue
        file = module_file(module)
        if not dot and file:
            files[top] = file
        elif file:
            parts.setdefault(f"{top}.{rest.rpartition('.')[0] or rest}", file)
    found = {top: [file] for top, file in files.items()}
    for name, file in parts.items():
        top = name.partition(".")[0]
        if top not in files:
            found.setdefault(top, []).append(file)
    return found


def _of_modules(modules: Iterable[tuple[str, ModuleType]]) -> set[PackageDependency]:
    return _dependencies(_owners(_files_by_top(modules)))


def _dependencies(owners: Iterable[_Distribution]) -> set[PackageDependency]:
    found = {PackageDependency(owner.name, owner.version) for owner in owners}
    numpy = _installed("numpy")  # its presence alone changes the random streams
    if numpy is not None:
        found.add(PackageDependency(numpy.name, numpy.version))
    return found


def _none(globs: Mapping[str, Any]) -> set[PackageDependency]:
    del globs
    return set()


def _imported(globs: Mapping[str, Any]) -> set[PackageDependency]:
    return _of_modules(iterate_imported_modules(globs))


def _sys(globs: Mapping[str, Any]) -> set[PackageDependency]:
    del globs
    return _dependencies(_owners_of_all(modules_state()))


@lru_cache(maxsize=1)
def _owners_of_all(state: ModulesState) -> list[_Distribution]:
    del state  # the key: what is imported
    return _owners(_files_by_top(iterate_sys_modules()))


def _pkg(globs: Mapping[str, Any]) -> set[PackageDependency]:
    del globs
    found = (PackageDependency(d.name, d.version) for d in _everything())
    return {dependency for dependency in found if dependency.version != "0.0.0"}


STRATEGIES: dict[str, Callable[[Mapping[str, Any]], set[PackageDependency]]] = {
    "none": _none,
    "imported": _imported,
    "sys": _sys,
    "pkg": _pkg,
}


def find_packages(strategy: str, globs: Mapping[str, Any] | None = None) -> set[PackageDependency]:
    """The distributions that an experiment uses, with versions.

    A module that belongs to no installed distribution (a source of the project, the standard library) is
    none.

    Args:
        strategy: a value of ``SETTINGS.DISCOVER_DEPENDENCIES``.
        globs: the globals of the defining module, for the strategy ``"imported"``.

    Raises:
        KeyError: for an unknown strategy.
    """
    return STRATEGIES[strategy](globs or {})
