"""Several config sources, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.config.values import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hallow.config.sources import ConfigSource
    from hallow.config.summary import ConfigSummary


def chain_evaluate_config_scopes(
    config_scopes: Iterable[ConfigSource],
    fixed: Mapping[str, Any] | None = None,
    preset: Mapping[str, Any] | None = None,
    fallback: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], list[ConfigSummary]]:
    """Evaluate sources in order, each seeing the entries of those before it.

    Args:
        config_scopes: the sources.
        fixed: nested values that win in all of them.
        preset: entries that the first one sees.
        fallback: what can be asked for but is no entry.

    Returns:
        The final entries, and the summary of each source. Without sources, ``preset`` updated with ``fixed``.
    """
    config: dict[str, Any] = normalise(dict(preset or {}))
    summaries = []
    for source in config_scopes:
        summary = source(fixed=fixed, preset=config, fallback=fallback)
        summaries.append(summary)
        config.update(summary)
    if not summaries:
        config.update(normalise(dict(fixed or {})))
    return config, summaries
