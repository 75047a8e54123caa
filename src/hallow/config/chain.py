"""Several config sources, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.config.derived import Derived
from hallow.config.summary import SEED_DOC, ConfigSummary
from hallow.config.trees import leaf_paths
from hallow.config.values import normalise
from hallow.errors import ConfigError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping

    from hallow.config.sources import ConfigSource


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


def evaluate_sources(
    sources: Iterable[Any], fixed: Mapping[str, Any], fallback: Mapping[str, Any], logger: logging.Logger
) -> tuple[dict[str, Any], ConfigSummary]:
    """Evaluate sources in order, each seeing the entries of those before it as preset."""
    config: dict[str, Any] = {}
    whole: ConfigSummary | None = None
    derived = Derived(logger)
    for source in sources:
        try:
            summary = source(fixed=fixed, preset=config, fallback=fallback)
        except ConfigError as error:
            error.locate({**config, **_names_of(source, error)})
            raise
        derived.note(source, config, summary, fixed)
        config.update(summary)
        if whole is None:
            whole = summary
        else:
            whole.update_from(summary)
    if whole is None:
        config = normalise(fixed)
        whole = ConfigSummary(added=set(leaf_paths(fixed)), docs=SEED_DOC)
    return config, whole


def _names_of(source: Any, error: ConfigError) -> Mapping[str, Any]:
    """The local variables of a scope at the moment in which it raised."""
    trace = error.__traceback__
    names: Mapping[str, Any] = {}
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == getattr(source, "__name__", None) and code.co_filename == getattr(source, "file", None):
            names = dict(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return names
