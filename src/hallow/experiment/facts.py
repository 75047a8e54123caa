"""What a run's record says beside its own doings: experiment, machine, repository, origins of values."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.config.origins import Origin
    from hallow.experiment.ingredient import Ingredient
    from hallow.provenance.git import Repository
    from hallow.provenance.packages import PackageDependency
    from hallow.provenance.sources import Source
    from hallow.running.run import Run


class Facts:
    """Gathers facts about an experiment for one run, each when somebody asks for it.

    Args:
        experiment: the experiment, or an ingredient for itself.
    """

    def __init__(self, experiment: Ingredient) -> None:
        self.experiment = experiment
        self.repositories: list[Repository] = []

    def experiment_info(self) -> dict[str, Any]:
        """Name, folder, sources, dependencies, repositories; the repositories are looked at once."""
        from hallow.provenance.experiment_info import experiment_info
        from hallow.provenance.git import look_up

        experiment = self.experiment
        sources = self.sources()
        if experiment.save_git_info:
            self.repositories = look_up(source.filename for source in sources)
        return experiment_info(
            experiment.path,
            experiment.base_dir,
            experiment.mainfile,
            sources,
            self.dependencies(),
            experiment.save_git_info,
            self.repositories,
        )

    def sources(self) -> set[Source]:
        """Source files of the experiment and all ingredients as found now."""
        return {source for ingredient in self._ingredients() for source in ingredient.sources}

    def dependencies(self) -> set[PackageDependency]:
        """Packages used by the experiment and all ingredients as found now."""
        found: set[PackageDependency] = set()
        for ingredient in self._ingredients():
            found |= ingredient.dependencies - found
        return found

    def _ingredients(self) -> list[Any]:
        return list({id(i): i for i, _ in self.experiment.traverse_ingredients()}.values())

    def host_info(self) -> dict[str, Any]:
        """The machine."""
        from hallow.provenance.host import get_host_info

        return get_host_info(getattr(self.experiment, "additional_host_info", None))

    def add_to(self, run: Run) -> None:
        """Have everything that stands beside the record sent to those who record the run."""
        run.add_detail("origins", lambda: describe_origins(run.config_modifications.origins))
        run.add_detail("git", lambda: [repository.detail() for repository in self.repositories])
        if "SLURM_JOB_ID" in os.environ:
            from hallow.running.ranks.job import job_facts

            # Now: once output is captured, it cannot be told where it goes.
            run.add_detail("job", job_facts())
        if getattr(self.experiment, "interactive", False):
            run.add_detail("cells", notebook_cells)
        run.last_details.append(("late_sources", lambda: self.late_sources(run)))

    def late_sources(self, run: Run) -> list[tuple[str, str]]:
        """Source files that were imported after the run had started."""
        if run.settings.DISCOVER_SOURCES != "project":
            return []
        known = {path for path, _ in run.experiment_info["sources"]}
        found = sorted(source.to_json(self.experiment.base_dir) for source in self.sources())
        return [(path, digest) for path, digest in found if path not in known]


def notebook_cells() -> list[str]:
    """The cells that this notebook or IPython session has run so far, in order; there is no source file to keep."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return [] if shell is None else [str(cell) for cell in shell.user_ns.get("In", []) if cell]


def describe_origins(origins: Mapping[str, Origin]) -> dict[str, dict[str, Any]]:
    """Origins as plain data: path to kind, file, line and name, and what was said before."""
    described = {}
    for path, origin in sorted(origins.items()):
        facts = {"kind": origin.kind, "file": origin.file, "line": origin.line, "name": origin.name or None}
        if origin.before_at is not None:
            facts["before"] = origin.before
            facts["before_at"] = origin.before_at.describe()
        described[path] = {key: value for key, value in facts.items() if value is not None}
    return described
