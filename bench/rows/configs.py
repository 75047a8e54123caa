"""Large configurations: declared and run once in process, after another experiment has loaded everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from rows.turn import Turn

KEYS = "config scope of 2,000 keys, declared and run (Hydra: composed)"
PARTS = "10 ingredients with 50 keys each, declared and run (Hydra: composed)"
ROWS = [
    Row(
        KEYS,
        floor="a function that assigns 2,000 names",
        buys="A run, and for each key where it was set, by what, its comment, and whether an update changed its type.",
    ),
    Row(
        PARTS,
        floor="ten functions that assign 50 names each",
        buys="As above, with a seed for each ingredient.",
    ),
]
MOST_TURNS = 5
LIBS = ("bare", "sacred", "hallow", "Hydra")
ENVIRONMENT = "main"


def _assigned(count: int, indent: int) -> str:
    """Lines that assign as many names, some with a comment."""
    lines = (f"k{n} = {n / 8}" if n % 10 else f"k{n} = {n}  # a comment" for n in range(count))
    return "\n".join(" " * indent + line for line in lines)


OWN = """
    import logging

    from {lib} import Experiment, Ingredient

    logging.getLogger().addHandler(logging.NullHandler())
    first = Experiment("first", save_git_info=False)

    @first.config
    def cfg():
        a = 1

    @first.main
    def main(a):
        return a

    first.run(options=quiet)

    def keys():
        ex = Experiment("keys", save_git_info=False)

        @ex.config
        def cfg():
{keys}

        @ex.main
        def main(k0, k7):
            return k0

        ex.run(config_updates={{"k7": 0.5}}, options=quiet)

    def parts():
        ingredients = []
{parts}
        ex = Experiment("parts", ingredients=ingredients, save_git_info=False)

        @ex.main
        def main(part3):
            return part3["k7"]

        assert ex.run(config_updates={{"part3": {{"k7": 0.5}}}}, options=quiet).result == 0.5

    found(keys=timed(keys), parts=timed(parts))
"""

PART = """
        part = Ingredient("part{number}", save_git_info=False)
        ingredients.append(part)

        @part.config
        def cfg():
{keys}
"""

BARE = """
    def keys():
        def cfg():
{keys}
            return locals()

        return {{**cfg(), "k7": 0.5}}

    def parts():
        made = {{}}
{parts}
        made["part3"]["k7"] = 0.5

    found(keys=timed(keys), parts=timed(parts))
"""

BARE_PART = """
        def cfg():
{keys}
            return locals()

        made["part{number}"] = cfg()
"""

HYDRA = """
    from hydra import compose, initialize_config_dir

    def composed(name, *overrides):
        with initialize_config_dir({home!r}, version_base=None):
            return compose(name, list(overrides))

    composed("first")
    keys = timed(composed, "keys", "k7=0.5")
    parts = timed(composed, "parts", "part3.k7=0.5")
    found(keys=keys, parts=parts)
"""


def measure(turn: Turn) -> dict[str, float]:
    many, few = (200, 50) if turn.quick else (2000, 50)
    if turn.lib == "Hydra":
        _write_hydra(turn.folder / "conf", many, few)
        code = HYDRA.format(home=str(turn.folder / "conf"))
    else:
        whole, part = (BARE, BARE_PART) if turn.lib == "bare" else (OWN, PART)
        parts = "".join(part.format(number=number, keys=_assigned(few, 12)) for number in range(10))
        code = whole.format(lib=turn.lib, keys=_assigned(many, 12), parts=parts)
    found = turn.measured(TOOLS.format() + code)
    return {KEYS: found["keys"], PARTS: found["parts"]}


def _write_hydra(home: Path, many: int, few: int) -> None:
    """The same as YAML files: one of many keys, and ten groups of few."""
    home.mkdir()
    (home / "first.yaml").write_text("a: 1\n", encoding="utf-8")
    (home / "keys.yaml").write_text(_assigned(many, 0).replace(" =", ":"), encoding="utf-8")
    defaults = "".join(f"  - part{number}: default\n" for number in range(10))
    (home / "parts.yaml").write_text(f"defaults:\n{defaults}  - _self_\n", encoding="utf-8")
    for number in range(10):
        (home / f"part{number}").mkdir()
        text = _assigned(few, 0).replace(" =", ":")
        (home / f"part{number}" / "default.yaml").write_text(text, encoding="utf-8")
