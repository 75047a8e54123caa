"""Facts about the machine."""

from __future__ import annotations

from hallow.errors import IgnoreHostInfo
from hallow.provenance.host import (
    HostInfoGetter,
    check_additional_host_info,
    get_host_info,
    host_info_gatherer,
    host_info_gatherers,
    host_info_getter,
)

__all__ = [
    "HostInfoGetter",
    "IgnoreHostInfo",
    "check_additional_host_info",
    "get_host_info",
    "host_info_gatherer",
    "host_info_gatherers",
    "host_info_getter",
]
