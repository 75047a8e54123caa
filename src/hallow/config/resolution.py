"""From config sources, named configs, hooks and updates to one resolved configuration.

A :class:`Section` is one ingredient's share. Sections are evaluated from the deepest to the experiment, each source
seeing what the ones before it said, with values that were fixed beforehand (updates and named configs) in force from
the first statement on. ``configuration.md`` section 5 of the specification is the order followed here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from hallow.config.chain import evaluate_sources
from hallow.config.keys import check_keys
from hallow.config.named import NamedConfigs
from hallow.config.origins import Origin
from hallow.config.section import Section, ordered
from hallow.config.sources import schema_of
from hallow.config.summary import ConfigSummary
from hallow.config.suspicious import check_suspicious
from hallow.config.trees import MISSING, leaf_paths, merge, nested, take
from hallow.config.values import plain_copy
from hallow.errors import ConfigError, ConfigTypeError, MissingValueError, UpdateError
from hallow.settings import SETTINGS
from hallow.utils import iter_prefixes, join_paths


class Resolved(NamedTuple):
    """The outcome.

    Attributes:
        config: the whole configuration, nested.
        summary: what was added, modified, retyped, with docs and origins, by full path.
        sections: from the deepest to the experiment, evaluated.
    """

    config: dict[str, Any]
    summary: ConfigSummary
    sections: list[Section]


class Resolution:
    """One resolution of a tree of sections.

    Args:
        root: the experiment's section.
        updates: nested updates.
        named_configs: names of named configs, or of config files, in order.
        command_name: given to config hooks.
        logger: given to config hooks.
        updates_from: kind of the updates' origin.
        force: accept everything.
        check: refuses or warns of suspicious updates, given the sections and where which update comes from.
    """

    def __init__(
        self,
        root: Section,
        updates: Mapping[str, Any],
        named_configs: Sequence[str] | str = (),
        command_name: str = "",
        logger: logging.Logger | None = None,
        updates_from: str = "update",
        force: bool = False,
        check: Callable[[Sequence[Section], Mapping[str, Origin]], None] = check_suspicious,
    ) -> None:
        self.root = root
        self.command_name = command_name
        self.logger = logger or root.logger
        self.force = force
        self.check = check
        self.sections = ordered(root)
        self.given: dict[str, Origin] = {}
        self.hooked: dict[str, Origin] = {}
        check_keys(updates)
        self.distribute(updates, Origin(updates_from), "updates")
        NamedConfigs(self).apply(named_configs)
        self.fill_slots()

    # ------------------------------------------------------------------------------------------ distributing

    def distribute(
        self, values: Mapping[str, Any], origin: Origin, kind: str, said: Collection[str] | None = None
    ) -> None:
        """Give each section its part of a nested dict of values.

        Args:
            values: nested, from the experiment's point of view.
            origin: where they come from.
            kind: ``"updates"`` or ``"named_values"``.
            said: paths that come from there; the rest of the values is known already. Default: all.
        """
        for path in leaf_paths(values):
            known = self.given.get(path)
            is_new = said is None or any(prefix in said for prefix in iter_prefixes(path))
            if is_new and (known is None or known.kind not in ("update", "command line")):
                self.given[path] = origin
        rest = nested(values)
        for section in sorted(self.sections, key=lambda s: -len(s.path)):
            part = rest if section is self.root else take(rest, section.path)
            if part is MISSING:
                continue
            if section.choices is not None:
                part = self._choose(section, part, kind)
            if not isinstance(part, Mapping):
                raise ingredient_error(section.path, part)
            merge(getattr(section, kind), part)

    def _choose(self, slot: Section, part: Any, kind: str) -> Any:
        """Fill a slot from its part of the values; what is left are entries of the choice."""
        name = part.pop("choice", None) if isinstance(part, dict) else part
        if name is not None and (kind == "updates" or "choice" not in slot.updates):
            if slot.choice not in (None, str(name)):
                raise UpdateError(f'"{slot.path}" was filled with "{slot.choice}" already; choose "{name}" first')
            slot.choose(str(name))
            self.sections = ordered(self.root)
        return part if isinstance(part, Mapping) else {}

    def fill_slots(self) -> None:
        """Fill slots that nothing filled with their defaults."""
        for slot in [s for s in self.sections if s.choices is not None and s.choice is None]:
            if slot.default is None:
                raise MissingValueError(
                    f'"{slot.path}" must be chosen: {", ".join(slot.choices or ())} (with {slot.path}=NAME)',
                    print_traceback=False,
                )
            slot.choose(slot.default)
        self.sections = ordered(self.root)

    # -------------------------------------------------------------------------------------------- evaluating

    def resolve(self) -> Resolved:
        """Evaluate all sections and put the whole configuration together.

        Raises:
            ConfigError: for everything that does not fit; nothing has been started or recorded then.
        """
        hand_down_overrides(self.sections)
        for section in self.sections:
            self.evaluate(section)
            self._run_hooks(section)
        if not self.force:
            self.check(self.sections, self.given)
        for section in self.sections:
            self._check_types(section)
        return Resolved(self._assemble(), self._summarise(), self.sections)

    def evaluate(self, section: Section) -> None:
        """Evaluate the sources of one section; those below must have been evaluated."""
        section.schema = schema_of(section.sources) if SETTINGS.CONFIG.SCOPE_ANNOTATIONS else None
        fixed = section.fixed
        if section.schema is not None:
            fixed = section.schema.convert(fixed, prefix=section.path)
        try:
            section.config, section.summary = evaluate_sources(
                section.sources, fixed, self.fallback(section), section.logger
            )
        except (ConfigTypeError, UpdateError) as error:
            if section.path:
                error.message += f' (in the ingredient "{section.path}")'
            raise
        section.summary.expect_seed()
        if section.choice is not None:
            section.config = {"choice": section.choice, **section.config}

    def fallback(self, section: Section) -> dict[str, Any]:
        """What scopes of a section may ask for beside its own entries."""
        return {**section.over({}), "_log": section.logger}

    def _run_hooks(self, section: Section) -> None:
        changes: dict[str, Any] = {}
        for hook in section.hooks:
            config = plain_copy(self._assemble())
            result = call_hook(hook, config, self.command_name, self.logger, section.label)
            merge(changes, result)
            code = getattr(hook, "__code__", None)
            origin = Origin("hook", code and code.co_filename, code and code.co_firstlineno, _name_of(hook))
            self.hooked.update({join_paths(section.path, path): origin for path in leaf_paths(result)})
        if changes:
            self._apply_changes(section, changes)

    def _apply_changes(self, section: Section, changes: dict[str, Any]) -> None:
        """Lay a hook's changes over the entries, and what was fixed over those."""
        for below in sorted(section.below(), key=lambda s: -len(s.path)):
            part = take(changes, section.relative(below))
            if isinstance(part, Mapping):
                _overlay(below, part)
            elif part is not MISSING:
                raise ingredient_error(below.path, part)
        _overlay(section, changes)

    def _check_types(self, section: Section) -> None:
        if section.schema is None:
            return
        section.config = {
            **section.config,
            **section.schema.convert(section.config, prefix=section.path),
        }
        missing = section.schema.missing(section.config)
        if missing:
            paths = [join_paths(section.path, path) for path in missing]
            raise MissingValueError(
                f"required configuration entries have no value: {', '.join(paths)} (give them after `with`, like "
                f"{paths[0]}=VALUE, or in config_updates)",
                print_traceback=False,
            )

    # --------------------------------------------------------------------------------------------- the result

    def _assemble(self) -> dict[str, Any]:
        return self.root.over(self.root.config, empty=False)

    def _summarise(self) -> ConfigSummary:
        whole = ConfigSummary()
        for section in self.sections:
            whole.update_add(section.summary, section.path)
            if section is not self.root:
                whole.docs.pop(join_paths(section.path, "seed"), None)
            for path, doc in section.named_docs.items():
                whole.docs.setdefault(join_paths(section.path, path), doc)
        for path, origin in [*self.hooked.items(), *self.given.items()]:
            before = whole.before.get(path, MISSING)
            whole.origins[path] = (
                origin if before is MISSING else origin._replace(before=before, before_at=whole.origins.get(path))
            )
        return whole


def _overlay(section: Section, changes: Mapping[str, Any]) -> None:
    """Merge a hook's changes into a section's entries; what was fixed stays."""
    values = merge(nested(changes), nested(section.fixed))
    section.config = merge(nested(section.config), values)
    section.summary.added -= set(leaf_paths(changes))


def _name_of(hook: Any) -> str:
    return getattr(hook, "__name__", "hook")


def call_hook(
    hook: Callable[..., Any],
    config: dict[str, Any],
    command_name: str | None,
    logger: logging.Logger | None,
    label: str,
) -> Mapping[str, Any]:
    """What a config hook wants changed.

    Args:
        hook: the hook.
        config: a copy for it.
        command_name: given to it.
        logger: given to it.
        label: of its ingredient.

    Raises:
        ConfigError: if it does not return a mapping or ``None``.
    """
    result = hook(config, command_name, logger)
    if result is None:
        return {}
    if not isinstance(result, Mapping):
        raise ConfigError(
            f"the config hook {_name_of(hook)} of {label} must return a mapping of changes or None, not "
            f"{type(result).__name__} ({result!r})"
        )
    check_keys(result)
    return result


def hand_down_overrides(sections: Sequence[Section]) -> None:
    """A dict or file that names an ingredient's path overrides that ingredient's defaults."""
    from hallow.config.dicts import ConfigDict

    for section in reversed(sections):
        for below in section.below():
            path = section.relative(below)
            for number, source in enumerate(section.sources):
                if not isinstance(source, ConfigDict):
                    continue
                kept = nested(source._conf)
                part = take(kept, path)
                if isinstance(part, Mapping):
                    below.sources = [*below.sources, source.part(part)]
                    section.sources = [*section.sources]
                    section.sources[number] = source.part(kept)


def ingredient_error(path: str, value: Any) -> UpdateError:
    """The complaint about a value for the path of an ingredient."""
    return UpdateError(
        f'"{path}" is an ingredient and cannot be set to {value!r}; set one of its entries '
        f"({path}.ENTRY=VALUE) or give a dict of entries",
        print_traceback=False,
    )
