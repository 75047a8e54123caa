"""Where a run comes from: source files, packages, version control, machine.

Everything here is gathered when a run starts, never at import, and nothing here can keep a run from
starting: what cannot be found out is left out or described.
"""
