"""Loaded by every interpreter that records a fixture: no fixture tells on which machine it was made.

A stored traceback shows the frames of the libraries below main, but none of their lines.
"""

import linecache
import platform
import socket

_lines_of = linecache.updatecache


def _own_lines(filename, module_globals=None):
    return [] if "site-packages" in filename else _lines_of(filename, module_globals)


platform.node = socket.gethostname = lambda: "box"
platform.platform = lambda *_, **__: "Linux-6.1-x86_64-with-glibc2.36"
linecache.updatecache = _own_lines
