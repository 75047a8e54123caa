"""Where a store does not hold what a run told: found by running Sacred, each with its reason.

``KINDS`` says what a kind of store never keeps; ``DEVIATIONS`` which told entries of single runs are stored otherwise
(store -> run -> entry -> as stored).
"""

#: Ended, but the store could not take its result: the start is all that was stored.
ONLY_STARTED = {"status": "RUNNING", "printed": None, "info": None, "result": None}

KINDS = {
    "file": {
        "not_kept": ["metadata", "content_type"],
        "notes": [
            "py/id counts objects in the order they were told in, keys of files are sorted: it does not resolve from files.",
            "In completed, info.right is info.left.",
            "resources: the stored path begins as the path of the store was given: runs/_resources/...",
            "evaluated was given the absolute path of the store.",
            "template.html is a user's file, no run; Sacred with this Mako writes no report.html.",
            "queued: sources lie flat in the folder of the run, no cout.txt, no metrics.json.",
        ],
    },
    "s3": {
        "not_kept": ["metadata", "content_type", "beside"],
        "notes": [
            "Sources and resources lie below <run>/<basedir>/, not where run.json says: in <basedir>/.",
            "cout.txt holds what was new at the last beat only.",
            "queued: sources lie flat below the key of the run.",
            "py/id: as in the file store.",
        ],
    },
    "tinydb": {
        "not_kept": ["metrics", "metadata", "content_type", "beside"],
        "notes": [
            "config, info and result are plain JSON: tuples are lists, keys are texts, float64 numbers are plain.",
            "Arrays and tables are tagged texts: no kind of number, no name of a Series, NaN in tables is null.",
            "No run can be queued; a config that is no plain JSON prevents the start (objects).",
        ],
    },
    "sql": {
        "not_kept": ["metrics", "metadata", "content_type", "beside", "named_configs", "config_updates", "options"],
        "notes": [
            "Beats reach the database with the next event of the main thread only: a killed run has none.",
            "result is a float column.",
            "Without comment and priority: empty text and 0.",
        ],
    },
    "mongo": {
        "not_kept": ["resources", "beside"],
        "notes": [
            "resources: path and md5 only.",
            "info.metrics lists the metrics; it was not told.",
            "content_type is guessed from the name where none is told.",
            "The captured output has a line about the content type of each artifact.",
        ],
    },
}

_LOST = {"printed": ""}

DEVIATIONS = {
    "s3": {"failed": _LOST, "interrupted": _LOST, "timeout": _LOST, "killed": _LOST},
    # float32 is no float: no beat and no end could be written.
    "tinydb": {"scalars": {**ONLY_STARTED, "printed": "", "info": {}}},
    # pandas 3 does not read the tagged text again: every event after the first beat failed.
    "tinydb_frames": {"frames": {"status": "RUNNING"}},
    "sql": {
        "killed": {"printed": None, "info": None},
        "arrays": {"result": 0.875},
        "scalars": {"result": 0.25},
        "nested": {"result": 3.0},
        "objects": ONLY_STARTED,
        "structured": ONLY_STARTED,
        "worded": ONLY_STARTED,
    },
    "sql_queued": {"queued": {"printed": None, "info": None}},
    # Stored, but Sacred's next start fails: its own column does not know the status.
    "sql_custom_status": {},
}
