"""Run two experiments, record them into a folder, and show what is in the records.

Run:    make demo
"""

import json
from pathlib import Path

import forest
import svm

from hallow.observers import FileStorageObserver

HOME = Path(__file__).resolve().parent.parent / "demo_runs"


def show(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    print(f"\nRun {folder.name}: {record['experiment']['name']} {record['status']}, result {record['result']:.4f}")
    print(f"  configuration  {config}")
    print(f"  packages       {len(record['experiment']['dependencies'])} with their versions")
    for name, copy in record["experiment"]["sources"]:
        print(f"  source         {name} -> {copy}")
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        print(f"  {file.name:<14} {file.stat().st_size:>6} bytes")
    printed = (folder / "cout.txt").read_text(encoding="utf-8").splitlines()
    shown = next(line.strip() for line in printed if "accuracy" in line)
    print(f"  printed        {len(printed)} lines, such as: {shown}")


def main() -> None:
    folders = []
    for experiment, updates in ((svm.ex, {}), (svm.ex, {"C": 100.0}), (forest.ex, {"n_estimators": 50})):
        experiment.observers[:] = [FileStorageObserver(HOME)]
        experiment.run(config_updates=updates)
        folders.append(Path(experiment.observers[0].dir))
    print(f"\nThe records lie in {HOME}")
    for folder in folders:
        show(folder)


if __name__ == "__main__":
    main()
