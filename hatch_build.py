"""Compiles the one part of hallow that is in C, where that is possible; hallow works without it."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULE = "hallow.journal._half"


class CompileHook(BuildHookInterface):
    """Makes ``hallow/journal/_half*.so`` in place, so that editable installations have it, too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface
        """Compile before the files of a wheel are gathered; say so, and go on, if that fails."""
        if self.target_name != "wheel" or not _is_supported():
            return
        try:
            path = _compiled(self.root)
        except Exception as error:  # no compiler, no headers of Python: of many kinds
            self.app.display_warning(f"hallow is installed without its compiled part: {error}")
            return
        build_data["artifacts"].append(os.path.relpath(path, self.root))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _is_supported() -> bool:
    """What the part is for is done where there is a fork; and it relies on threads that run one at a time."""
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return os.name == "posix" and sys.implementation.name == "cpython" and not free_threaded


def _compiled(root: str) -> str:
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    source = os.path.join(root, "src", *MODULE.split(".")) + ".c"
    distribution = Distribution({"name": "hallow", "ext_modules": [Extension(MODULE, [source])]})
    command = build_ext(distribution)
    command.build_lib = os.path.join(root, "src")
    with tempfile.TemporaryDirectory() as folder:
        command.build_temp = folder
        command.ensure_finalized()
        command.run()
    return str(command.get_ext_fullpath(MODULE))
