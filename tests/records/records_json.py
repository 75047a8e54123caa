"""Values on their way through a file."""

from __future__ import annotations

import json

from hallow.records.encoding import flatten, restore, tag_nonfinite


def through_json(value):
    """What is read of a value that was written as strict JSON."""
    return restore(json.loads(json.dumps(tag_nonfinite(flatten(value)), allow_nan=False)))
