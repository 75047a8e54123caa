"""Reduces what the command lines of a case did to lines that can be compared."""

from __future__ import annotations

import json
import os
import re

COLOURS = {"\033[0m": "<end>", "\033[2m": "<dim>", "\033[31m": "<red>", "\033[32m": "<green>", "\033[34m": "<blue>"}
UUID = re.compile(r"(\b|(?<=_))[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\b")


def normalised(result, commands):
    """What is compared: one list of lines for the files left behind, then one for each command line."""
    folder = result["folder"]
    parts = [list(_documents(result["files"], folder))]
    if not any("seed" in command for command in commands):
        parts[0] = [re.sub(r"\bseed = \d+$", "seed = SEED", line) for line in parts[0]]
    for command, run in zip(commands, result["runs"], strict=True):
        lines = [f"exit {run['code']}"]
        if run["error"]:
            lines.append(f"error| {_general(run['error'], folder)}".rstrip(": \n"))
        lines += _output(_general(run["out"], folder), command)
        lines += [_general(line, folder) for line in _sorted_warnings(_error_output(run["err"], folder))]
        parts.append(lines)
    return parts


def _general(text, folder):
    """Without what differs from run to run, and without the places of the library's own files and classes."""
    for code, word in COLOURS.items():
        text = text.replace(code, word)
    text = text.replace(folder, "DIR").replace(os.path.dirname(folder), "DIR/..")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?", "TIME", text)
    text = re.sub(r"\b\d:\d\d:\d\d\b", "H:MM:SS", text)
    text = UUID.sub("UUID", text)
    text = re.sub(r"\b[0-9a-f]{24}\b", "OBJECTID", text)
    text = re.sub(r"(?<=hallow recover )\S+", "JOURNAL", text)
    text = re.sub(r"TinyDbObserver-[\d.]+", "TinyDbObserver-VERSION", text)
    text = re.sub(r" at 0x[0-9a-f]+", " at ADDRESS", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    return re.sub(r"\b(sacred|hallow)(\.\w+)*\.(?=[A-Z]\w*)", "LIBRARY.", text)


# ------------------------------------------------------------------------------------------------ printed texts


def _output(text, command):
    lines = [_coloured(line) for line in text.splitlines()]
    if command.startswith("help") or command.endswith("-h") or "--help" in command:
        lines = [line for line in _help(lines) if line.strip()]
    if "seed" not in command:
        lines = [re.sub(r"\bseed = \d+ *", "seed = SEED ", line) for line in lines]
    if "print_dependencies" in command:
        # An editable installation of the library is not found; how it is installed is not the case's business.
        lines = [re.sub(r"== .*", "== VERSION", line) for line in lines if not re.match("  (sacred|hallow) ", line)]
    lines = [re.sub(r"^(Error|LIBRARY\.\w+Error): ", "Error: ", line) for line in lines]
    return [f"out| {line}".rstrip() for line in lines]


def _coloured(line):
    """The colour of a line is what counts, not where its codes stand between blanks and comments."""
    if "<dim>doc<end>" in line:
        return line
    colour = re.match(r" *(<blue>|<green>|<red>)", line)
    return (f"{colour[1]} " if colour else "") + re.sub(r"<(blue|green|red|dim|end)>", "", line)


def _help(lines):
    """The structure of a help text; descriptions are each library's own words."""
    section = ""
    for line in lines:
        if line and not line.startswith(" "):
            section = line
        if section in ("Options:", "Arguments:"):
            found = re.match(r"  (-\S+(?: \S+)*|[A-Z]+)(  |$)", line)
            if found and not NEW_OPTIONS.search(line):
                yield f"{section} {found[1]}"
        else:
            yield re.sub(r"^(  ([\w.]+\.)?(print_\w+|save_config)) .*", r"\1 ...", line)


def _error_output(text, folder):
    """Log lines, headings of tracebacks with the program's frames, values in conflict, and whether usage was shown."""
    frame = re.compile(rf'File "{re.escape(folder)}/([\w/]+)\.py", line (\d+), in (.*)')
    heading, values = "", False
    for line in text.splitlines():
        values = line == "Conflicting configuration values:" or (values and line.startswith("  "))
        if re.match(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) - ", line):
            yield f"log| {line}".rstrip()
        elif line.startswith("! ") or values:
            yield f"err| {line}".rstrip()
        elif line.startswith("Usage:"):
            yield "err| Usage"
        elif "Traceback" in line:
            heading = f"err| {line}".rstrip()
        elif found := frame.search(line):
            if heading:  # those of tracebacks without the program's frames depend on the wording of the error
                yield heading
            heading = ""
            yield f"err| line {found[2]} in {found[3]}"


def _sorted_warnings(lines):
    """Warnings about suspicious changes come from a set: those that follow each other are sorted."""
    kept, group = [], []
    for line in lines:
        suspicious = "Changed type of config" in line or "Added new config" in line
        if not suspicious:
            kept += [*sorted(group), line]
            group = []
        else:
            group.append(line)
    return kept + sorted(group)


# --------------------------------------------------------------------------------------------- stored documents

# Facts about the machine, or extended by hallow (storage-formats.md, section 9).
IGNORED_FACTS = re.compile(
    r"(runs\.\d+\.)?(host|experiment\.dependencies|experiment\.repositories)\b|(experiments_|runs_)?dependenc(y|ies)\[|.*md5sum = "
)
# Options that Sacred does not have (L11 in command-line.md, and hallow's own).
NEW_OPTIONS = re.compile(r"--(gcs|journal-only|notify|origins|resume|strict-observers)\b")


def _documents(files, folder):
    for name, text in files:
        name = _general(name, folder)
        if re.search(r"/(\.hallow/|\w*hallow_)", name) or (name.endswith("/info.json") and text == "{}"):
            continue  # beside Sacred's files; a client in clients.md needs an info.json even if it is empty
        if "/_sources/" in name or name.endswith((".py", ".py.json")):
            yield f"{name}| a copy"
            continue
        try:
            document = json.loads(text) if name.endswith(".json") else None
        except ValueError:
            document = None
        if document is None:
            lines = text.splitlines()
        else:
            lines = [
                line
                for line in _leaves(_user_part(document, folder))
                if not (IGNORED_FACTS.match(line) or NEW_OPTIONS.search(line))
            ]
        yield from (f"{name}| {_general(line, folder)}".rstrip() for line in lines or ["(empty)"])


def _user_part(document, folder):
    """A document without the library's own frames and tables, and without the pickled time of queueing."""
    if isinstance(document, list):
        return [_user_part(item, folder) for item in document]
    if not isinstance(document, dict):
        return document
    if "fail_trace" in document:
        document["fail_trace"] = _user_frames(document["fail_trace"], folder)
    if "queue_time" in (document.get("meta") or {}):
        document["meta"]["queue_time"] = "TIME"
    return {
        key: _user_part(value, folder) if key == "runs" or key.isdigit() or isinstance(value, list) else value
        for key, value in document.items()
        if not re.match(r"hallow_|sqlite_sequence$", key)
    }


def _user_frames(trace, folder):
    """The lines of a stored traceback without the frames of foreign files; in an SQL store they are one text."""
    parts = re.split(r"\n(?=  File|\w)", trace) if isinstance(trace, str) else trace or []
    parts = [re.sub(r"\n +[~^]+\n", "\n", part).rstrip("\n") for part in parts]
    return [part for part in parts if part and (not part.startswith("  File") or folder in part)]


def _leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield f"{path} = {json.dumps(value)}"
