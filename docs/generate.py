"""Write the tables of settings and options from the code: `python docs/generate.py`; tests check them."""

from __future__ import annotations

from pathlib import Path

from hallow.cli.builtin import BUILT_IN
from hallow.settings import DECLARED, Setting

HOME = Path(__file__).resolve().parent


def settings() -> str:
    lines = [
        "# Settings",
        "",
        "`from hallow import SETTINGS`; write them by attribute (`SETTINGS.CONFIG.KEEP_TYPES = False`) or by item",
        "(`SETTINGS['CAPTURE_MODE'] = 'sys'`). Values are checked when they are assigned. A run takes a frozen copy",
        "when it starts. `SETTINGS.use_profile('sacred')` sets every setting to what code written for Sacred expects.",
        "",
        "| setting | default | Sacred's profile | meaning |",
        "|---|---|---|---|",
    ]
    for name, declared in _flat("", DECLARED):
        default = "`'fd'` (`'sys'` on Windows)" if name == "CAPTURE_MODE" else f"`{declared.default!r}`"
        other = "same" if declared.sacred == declared.default else f"`{declared.sacred!r}`"
        lines.append(f"| `{name}` | {default} | {other} | {declared.doc} |")
    return "\n".join(lines) + "\n"


def _flat(prefix: str, declared: dict[str, object]) -> list[tuple[str, Setting]]:
    found: list[tuple[str, Setting]] = []
    for key, value in declared.items():
        if isinstance(value, Setting):
            found.append((prefix + key, value))
        else:
            found += _flat(f"{prefix}{key}.", value)  # type: ignore[arg-type]
    return found


def options() -> str:
    lines = [
        "# Command line options",
        "",
        "Options may stand anywhere on the command line. Hyphens and underscores are the same; a long flag may be",
        "shortened as long as it stays unique. Every option is also a keyword of `ex.run`",
        "(`ex.run(beat_interval=3)`), or an item of its `options` (`{'--beat-interval': 3}`).",
        "",
        "| flag | value | may be repeated | meaning |",
        "|---|---|---|---|",
    ]
    for option in BUILT_IN:
        flags = ", ".join(f"`{flag}`" for flag in option.get_flags() if flag)
        lines.append(
            f"| {flags} | {'' if option.is_flag else 'yes'} | {'yes' if option.repeatable else ''} | "
            f"{option.get_description().replace('|', '&#124;')} |"
        )
    return "\n".join(lines) + "\n"


PAGES = {"settings.md": settings, "options.md": options}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HOME / name).write_text(page(), encoding="utf-8")
