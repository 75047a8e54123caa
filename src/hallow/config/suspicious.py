"""Updates that look like mistakes: unknown entries, changed types, assignments to ingredients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hallow.config.trees import leaf_paths, value_at
from hallow.errors import ConfigAddedError, ConfigTypeError
from hallow.settings import SETTINGS
from hallow.utils import closest, iter_prefixes, join_paths

if TYPE_CHECKING:
    from hallow.config.origins import Origin
    from hallow.config.section import Section

_NUMBERS = {int, float}


def check_suspicious(sections: Sequence[Section], given: Mapping[str, Origin]) -> None:
    """Refuse unknown entries and warn of what may be meant, section by section.

    Raises:
        ConfigAddedError: naming all unknown entries with the nearest known ones.
    """
    if SETTINGS.CONFIG.UNKNOWN_KEYS == "refuse":
        for section in sections:
            _refuse_other_structure(section)
    refused: list[tuple[Section, str]] = []
    for section in sections:
        for path in sorted(section.summary.added):
            if _is_refused(section, path):
                refused.append((section, path))
            elif SETTINGS.CONFIG.UNKNOWN_KEYS == "warn" or not _is_open(section, path):
                section.logger.warning('Added new config entry: "%s"', join_paths(section.path, path))
    if refused:
        raise _unknown_entries(refused, sections, given)
    for section in sections:
        _warn_of_types(section)
        for name in sorted(section.summary.ignored_fallbacks):
            section.logger.warning(
                'Ignored attempt to set value of "%s", because it is an ingredient.',
                join_paths(section.path, name),
            )


def _is_refused(section: Section, path: str) -> bool:
    used = any(prefix in section.arguments for prefix in iter_prefixes(path)) or path == "__doc__"
    if SETTINGS.CONFIG.UNKNOWN_KEYS == "warn":
        return not used
    return not _is_open(section, path) and not (used and not _inside_declared(section, path))


def _inside_declared(section: Section, path: str) -> bool:
    """Whether the path lies in a dict that a source declared with entries of its own."""
    return any(_declared_entries(section, prefix) for prefix in _parents(path))


def _is_open(section: Section, path: str) -> bool:
    """Whether the path lies in a dict that takes any entry: declared empty, or as ``dict`` by its type."""
    return any(
        (section.schema is not None and section.schema.is_open(prefix)) or _declared_entries(section, prefix) == {}
        for prefix in _parents(path)
    )


def _parents(path: str) -> list[str]:
    return list(iter_prefixes(path))[:-1]


def _declared_entries(section: Section, path: str) -> dict[Any, Any] | None:
    """The entries that sources gave the dict at ``path``; ``None`` if no source put a dict there."""
    if path not in section.summary.assigned:
        return None
    found = value_at(section.config, path)
    if not isinstance(found, Mapping):
        return None
    return {key: value for key, value in found.items() if not _only_added(section, join_paths(path, str(key)), value)}


def _only_added(section: Section, path: str, value: Any) -> bool:
    """Whether an entry, with all that is in it, comes from updates alone."""
    if path in section.summary.added:
        return True
    inner = isinstance(value, Mapping) and value and path not in section.summary.assigned
    return bool(inner) and all(_only_added(section, join_paths(path, str(k)), v) for k, v in value.items())


def _unknown_entries(
    refused: list[tuple[Section, str]], sections: Sequence[Section], given: Mapping[str, Origin]
) -> ConfigAddedError:
    known = _known_paths(sections)
    whole: dict[str, Any] = {}
    paths, hints, files = [], [], set()
    for section, path in refused:
        full = join_paths(section.path, path)
        paths.append(full)
        whole[full] = value_at(section.config, path)
        near = closest(full, known) or _same_ending(full, known)
        if near:
            hints.append(f'Did you mean "{near[0]}" instead of "{full}"?')
        origin = given.get(full)
        if origin is not None and origin.kind == "file":
            files.add(str(origin.file))
    if files:
        hints.insert(0, f"It stands in the config file {', '.join(sorted(files))}.")
    hints.append("To accept it, declare it in a config scope, or use --force.")
    return ConfigAddedError(paths, captured_args=sorted(known), config=whole, hints=hints)


def _known_paths(sections: Sequence[Section]) -> set[str]:
    known: set[str] = set()
    for section in sections:
        declared = set(leaf_paths(section.config)) - section.summary.added | section.arguments
        known |= {join_paths(section.path, path) for path in declared}
    return {path for path in known if path.rpartition(".")[2] not in ConfigAddedError.SPECIAL_ARGS}


def _same_ending(path: str, known: set[str]) -> list[str]:
    """A known path whose last part is near: the right name at the wrong depth."""
    last = path.rpartition(".")[2]
    endings = {other.rpartition(".")[2]: other for other in sorted(known)}
    return [endings[name] for name in closest(last, endings)]


def _refuse_other_structure(section: Section) -> None:
    """An entry does not become a dict of entries, nor the other way round."""
    for path, (old, new) in sorted(section.summary.typechanged.items()):
        if (old is dict) == (new is dict) or type(None) in (old, new):
            continue
        full = join_paths(section.path, path)
        if old is dict:
            what = f'"{full}" is a dict and cannot be set to {value_at(section.config, path)!r}; set one of its entries'
        else:
            value = section.summary.before.get(path)
            what = f'"{full}" is {old.__name__} ({value!r}) and has no entries; set it as a whole'
        raise ConfigTypeError(f"{what}, or use --force", print_traceback=False)


def _warn_of_types(section: Section) -> None:
    for path, (old, new) in sorted(section.summary.typechanged.items()):
        if {old, new} != _NUMBERS:
            section.logger.warning(
                'Changed type of config entry "%s" from %s to %s',
                join_paths(section.path, path),
                old.__name__,
                new.__name__,
            )
