"""Makes the fixtures of the servers known, also when only this folder is tested."""

from __future__ import annotations


def pytest_configure(config):
    config.pluginmanager.import_plugin("servers.fixtures")
