"""Which promises of the contract are tried in which lane."""

from __future__ import annotations

import pytest

# Values become JSON before objects are written, wherever these lie, so TestFolder shows the same of the same code.
# Of each kind, one goes to the server in the default lane.
_OF_VALUES = (
    "test_an_interrupted_run[INTERRUPTED]",
    "test_an_interrupted_run[TIMEOUT]",
    "test_info_with_one_bad_value_keeps_the_others",
    "test_metrics_keep_their_types",
    "test_metrics_that_are_not_finite",
    "test_nan_as_result",
    "test_numpy_scalars_become_plain_numbers",
    "test_objects_of_foreign_classes_are_described",
    *(f"test_result_of_every_kind[{value}]" for value in ("0.5", "7", "True", "result4", "None", "-inf")),
)


@pytest.hookimpl(tryfirst=True)  # before those that are slow are left out
def pytest_collection_modifyitems(items):
    for item in items:
        if item.cls is not None and item.cls.__name__ == "TestS3" and item.name in _OF_VALUES:
            item.add_marker(pytest.mark.slow)
