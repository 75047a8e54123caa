# $ with seed=1
# $ with seed=1 given.yaml
# $ with seed=1 given.yml a=7
# $ with seed=1 given.json
# $ with seed=1 given.yaml other
# $ save_config with seed=1 config_filename=out.yaml
# $ with seed=2 out.yaml
# needs yaml
import json
from pathlib import Path

from sacred import Experiment
from sacred.config import load_config_file, save_config_file
from sacred.config.config_files import HANDLER_BY_EXT

Path("base.yaml").write_text("a: 1\nd:\n  x: [1, 2]\n  y: null\n")
Path("given.yaml").write_text("a: 2\nd: {z: text}\n")
Path("given.yml").write_text("d: {x: [3]}\n")
Path("given.json").write_text(json.dumps({"a": 2.5, "d": {"x": [4], "t": True}}))
Path("given.xyz").write_text("a = 1")
Path("named.yaml").write_text("a: 50\n")
ex = Experiment("files")
ex.add_config("base.yaml")
ex.add_named_config("other", "named.yaml")
for name in ("missing.json", "missing.yaml", "given.xyz"):
    try:
        ex.add_config(name)
    except (OSError, ValueError) as error:
        print(name, isinstance(error, OSError), isinstance(error, ValueError))
print(list(HANDLER_BY_EXT), load_config_file("base.yaml"))
save_config_file({"a": 1, "l": [1, 2]}, "saved.json")
print(load_config_file("saved.json"))


@ex.automain
def main(a, d):
    print(a, {key: d[key] for key in sorted(d)})
