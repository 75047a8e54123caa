"""Sources and packages."""

from __future__ import annotations

from hallow.provenance.experiment_info import gather_sources_and_dependencies
from hallow.provenance.modules import get_py_file_if_possible, is_local_source
from hallow.provenance.packages import PEP440_VERSION_PATTERN, PackageDependency
from hallow.provenance.sources import MB, Source, get_digest

__all__ = [
    "MB",
    "PEP440_VERSION_PATTERN",
    "PackageDependency",
    "Source",
    "gather_sources_and_dependencies",
    "get_digest",
    "get_py_file_if_possible",
    "is_local_source",
]
