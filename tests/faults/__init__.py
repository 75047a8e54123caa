"""What happens to a run when the process, the disk, an observer or the machine lets it down.

`make faults` runs every scenario with its full number of repetitions and prints a table; the default lane runs a short
version of each. :mod:`faults.harness` starts the scripts in ``scripts/`` and looks at what they left.
"""
