"""Every known defect of the forerunner that this library promises not to have has a test of its name."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMES = {
    name
    for path in TESTS.rglob("test_*.py")
    for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
}
ITEMS = """
    list-index config-types scope-source ingredient-overrides readonly dict-keys unknown-nested numpy-config comprehension
    tuples dynamic-ingredients python-objects derived-values extra-file-keys scope-leak
    debugger run-id-name cli-values own-flags options-from-code logging-root automain-order print-config-touches-store
    error-messages capture-kinds linters typed-api capture-testing
    observer-silent signals capture-tail capture-crash nested-run capture-children threads last-beat-order capture-bytes
    async-main resume jupyter progress-bars seed-side-effects capture-windows post-hoc main-called-directly
    capture-manual discard-failed timeout-status
    torn-files metrics-rewrite connection-loss mongo-16mb artifact-names metrics-dropped sql-parallel config-code-exec
    no-server-default file-races tinydb numpy-scalars info-poison nan-json delete-orphans store-migration sources-bulk
    metrics-short-run metrics-async metrics-link metrics-reading metrics-types metrics-step
    ddp pickle-experiment fork-safety slurm parent-child fork-mpi
""".split()
ROWS = [
    *(f"C{number}" for number in range(1, 39)),
    *(f"L{number}" for number in range(1, 30)),
    *(f"E{number}" for number in range(1, 18)),
    # R17 is about the file writer for TensorFlow, which comes with the integrations.
    *(f"R{number}" for number in range(1, 22) if number != 17),
    *(f"O{number}" for number in range(1, 46)),
    *(f"S{number}" for number in range(1, 12)),
]
#: Rows that a test with another name covers.
ELSEWHERE = {
    "C4": "test_comprehension",
    "C13": "test_config_code_exec",
    "L9": "test_error_messages_of_the_command_line",
    "L10": "test_error_messages_of_the_command_line",
    "E4": "test_capture_kinds",
    "R1": "test_sigkill_at_a_random_moment",
    "R4": "test_capture_tail",
    "R5": "test_capture_tail",
    "R16": "test_C30_every_ingredient_is_seeded_from_the_root",
    "R20": "test_import_heavy",
}


def test_every_item_has_its_test():
    missing = [item for item in ITEMS if f"test_{item.replace('-', '_')}" not in NAMES]
    assert missing == []


def test_every_row_has_its_test():
    missing = [row for row in ROWS if not any(map(_names(row).search, NAMES)) and ELSEWHERE.get(row) not in NAMES]
    assert missing == []


def _names(row):
    """``test_O9_...``, ``test_O_9_...`` or, for a test of several rows, ``test_O8_O9_...``."""
    return re.compile(rf"^test(_[A-Z]_?\d+)*_{row[0]}_?{row[1:]}_")
