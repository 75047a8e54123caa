"""Named configs and config files asked for after ``with``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hallow.config.chain import evaluate_sources
from hallow.config.origins import Origin
from hallow.config.sources import source_from_file
from hallow.config.trees import merge, nested, placed, take
from hallow.errors import NamedConfigNotFoundError
from hallow.utils import closest, is_prefix, join_paths, set_by_dotted_path

if TYPE_CHECKING:
    from hallow.config.resolution import Resolution
    from hallow.config.section import Section


class NamedConfigs:
    """Evaluates named configs for a resolution and distributes their entries."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution

    def apply(self, names: Sequence[str] | str) -> None:
        """Evaluate in the given order; each sees the entries of those before it.

        Raises:
            NamedConfigNotFoundError: if there is no such named config.
            FileNotFoundError: if a name looks like a config file and there is none.
        """
        for name in [names] if isinstance(names, str) else names:
            if os.path.isfile(name):
                self._apply_file(name)
            else:
                section, source = self._find(name)
                self._apply_source(Origin("named config", name=name), section, source)

    def _apply_file(self, filename: str) -> None:
        self._apply_source(Origin("file", filename), self.resolution.root, source_from_file(filename))

    def _apply_source(self, origin: Origin, section: Section, source: Any) -> None:
        summary = source(
            fixed=self._gathered(section, "updates"),
            preset=self._gathered(section, "named_values"),
            fallback=self._fallback(section, source),
        )
        values = nested(summary)
        for path in summary.added:  # updates shown by the scope, not entries of the named config
            take(values, path)
        for path, doc in summary.docs.items():
            section.named_docs.setdefault(path, doc)
        said = {join_paths(section.path, path) for path in summary.origins}
        self.resolution.distribute(placed(section.path, values), origin, "named_values", said)

    def _gathered(self, section: Section, kind: str) -> dict[str, Any]:
        """Values of a section and, at their paths, of those below it."""
        values = nested(getattr(section, kind))
        for below in section.below():
            part = getattr(below, kind)
            if part:
                merge(values, placed(section.relative(below), part))
        return values

    def _fallback(self, section: Section, source: Any) -> dict[str, Any]:
        """Empty ingredient configs, the logger, and for parameters found nowhere else the defaults (C15)."""
        fallback: dict[str, Any] = {}
        for below in section.below():
            set_by_dotted_path(fallback, section.relative(below), {})
        fallback["_log"] = section.logger
        known = {*fallback, *self._gathered(section, "updates"), *self._gathered(section, "named_values")}
        if not known.issuperset(getattr(source, "args", ())):
            fallback = {**self._defaults(section), **fallback}
        return fallback

    def _defaults(self, section: Section) -> dict[str, Any]:
        """The default configuration with the same updates but without this named config."""
        seen: dict[str, Any] = {"_log": section.logger}
        for below in section.children:
            if below.choices is None or below.choice is not None:
                set_by_dotted_path(seen, section.relative(below), self._defaults(below))
        config, _ = evaluate_sources(section.sources, section.fixed, seen, section.logger)
        return {**seen, **config}

    # ----------------------------------------------------------------------------------------------- finding

    def _find(self, name: str) -> tuple[Section, Any]:
        if not isinstance(name, str):
            raise NamedConfigNotFoundError(str(name), hint="Named configs are asked for by their names (strings).")
        for section in sorted(self.resolution.sections, key=lambda s: -len(s.path)):
            if section.path and not is_prefix(section.path, name):
                continue
            if section.choices is not None and section.choice is None:
                section.choose(section.default or next(iter(section.choices)))
            own = name[len(section.path) + 1 :] if section.path else name
            if own in section.named:
                return section, section.named[own]
        raise self._unknown(name)

    def _unknown(self, name: str) -> Exception:
        from hallow.config.files import looks_like_config_file, missing_file

        if looks_like_config_file(name):
            return missing_file(name)
        known = [join_paths(s.path, own) for s in reversed(self.resolution.sections) for own in s.named]
        near = closest(name, known, 3)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        return NamedConfigNotFoundError(
            name,
            available_named_configs=[*near, *(other for other in known if other not in near)],
            hint=hint.strip(),
        )
