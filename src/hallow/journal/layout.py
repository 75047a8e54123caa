"""Names and bytes of a journal, as ``docs/journal.md`` publishes them.

A journal is a folder that belongs to one run::

    journal.json     header, written once
    state            two slots, written in turn at each beat
    metrics          records of fixed size, one per point
    names.jsonl      names of metrics; the line number, from 1, is the number in the records
    objects.jsonl    values and steps that are no numbers; records refer to a line by its offset
    output           bytes printed; output.1 and output.2 too, where the two streams lead to different places
                     (output.0: Python streams that lead elsewhere); empty while only one of these has any
    staging          what Python has printed, on its way to the file of the descriptor
    text             the output as it is to be stored, if that differs from the bytes
    events.jsonl     everything else, one object a line
    files/           copies of artifacts that some observer does not have yet
"""

from __future__ import annotations

from struct import Struct

__all__ = [
    "BOOL",
    "CHECK_STEP",
    "CHECK_ZERO",
    "EVENTS",
    "FILES",
    "FLOAT",
    "FORMAT",
    "HALF",
    "HALF_SIZE",
    "HEADER",
    "INT",
    "METRICS",
    "NAMES",
    "OBJECT",
    "OBJECTS",
    "OUTPUT",
    "OUTPUT_PARTS",
    "RECORD",
    "RECORD_SIZE",
    "SLOT",
    "SLOT_SIZE",
    "STAGED_FILL",
    "STAGED_NONE",
    "STAGING",
    "STATE",
    "TEXT",
    "VERSION",
    "check_of",
    "kinds_of",
    "packer_for",
]

FORMAT = "hallow-journal"
VERSION = 1

HEADER = "journal.json"
STATE = "state"
METRICS = "metrics"
NAMES = "names.jsonl"
OBJECTS = "objects.jsonl"
OUTPUT = "output"
OUTPUT_PARTS = ("output.1", "output.2", "output.0")
STAGING = "staging"
TEXT = "text"
EVENTS = "events.jsonl"
FILES = "files"

# ------------------------------------------------------------------------------------------------- metrics

#: Value, step, time, number of the name, kind of the value, kind of the step, check.
RECORD = Struct("<8s8sdIBBH")
RECORD_SIZE = RECORD.size

FLOAT, INT, BOOL, OBJECT = 1, 2, 3, 4  # 0 is what space that was never written holds

CHECK_ZERO, CHECK_STEP = 0xA55A, 40503


def check_of(index: int) -> int:
    """What the last two bytes of the record number ``index``, from 0, hold: never 0."""
    return (CHECK_ZERO + index * CHECK_STEP) & 0xFFFF or 1


def kinds_of(value_kind: int, step_kind: int) -> int:
    """The two bytes of the kinds as one little-endian number."""
    return value_kind | step_kind << 8


def packer_for(value_kind: int, step_kind: int) -> Struct:
    """The record of those kinds: value, step, time, number of the name, :func:`kinds_of`, check."""
    return _PACKERS[value_kind == FLOAT, step_kind == FLOAT]


_PACKERS = {
    (value, step): Struct(f"<{'d' if value else 'q'}{'d' if step else 'q'}dIHH")
    for value in (True, False)
    for step in (True, False)
}

# --------------------------------------------------------------------------------------------------- state

#: Sequence number (from 1), length of the JSON text that follows, crc32 of sequence number, length and text.
SLOT = Struct("<QII")
SLOT_SIZE = 4096

# ------------------------------------------------------------------------------------------------- staging

#: Sequence number (from 1), size of the file when it began to be written there, number of the file, nothing.
HALF = Struct("<QQII")
#: With the head.
HALF_SIZE = 1 << 15
#: What a head holds in place of a number that there is not.
STAGED_NONE = 0xFFFF_FFFF_FFFF_FFFF
#: What fills the space behind the last byte: no text in UTF-8 has it.
STAGED_FILL = b"\xff"
