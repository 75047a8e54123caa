"""Config files."""

from __future__ import annotations

from hallow.config.files import HANDLER_BY_EXT, get_handler, load_config_file, save_config_file

__all__ = ["HANDLER_BY_EXT", "get_handler", "load_config_file", "save_config_file"]
