# $
# needs tinydb
import re

from sacred import Experiment
from sacred.observers import TinyDbObserver, TinyDbReader

ex = Experiment("read")
observer = TinyDbObserver("runs")
ex.observers.append(observer)
ex.add_config(a=1, b=[1, 2])


@ex.main
def main(_run, a):
    with open("data.txt", "w") as file:
        file.write("data")
    if a == 2:
        _run.add_artifact("data.txt", "named.txt")
        _run.add_resource("data.txt")
    return a * 2


for a in (1, 2):
    ex.run(config_updates={"seed": 1, "a": a}, options={"--capture": "no"})
reader = TinyDbReader("runs")
documents = reader.fetch_metadata(exp_name="read")
print(len(documents), [document["result"] for document in documents], sorted(documents[0]))
print([document["config"] for document in reader.fetch_metadata(indices=[-1])])
print(len(reader.fetch_metadata(exp_name="nothing")), len(reader.fetch_metadata(indices=0)))
files = reader.fetch_files(indices=[1])[0]
print(sorted(files), sorted(files["artifacts"]), files["artifacts"]["named.txt"].read(), sorted(files["sources"]))
report = reader.fetch_report(indices=-1)[0]
skipping = False
for line in report.splitlines():
    if line.strip():
        skipping = line.startswith("Dependencies") or (skipping and line.startswith(" "))
    if not skipping:
        line = re.sub(r"[0-9a-f]{32}", "ID", line)
        print(re.sub(r"Date .*", "Date", re.sub(r"\d\d:\d\d:\d\d.*|\w{3} \d\d \w{3} \d{4}", "WHEN", line)).rstrip())
for action in (
    lambda: TinyDbReader("nowhere"),
    lambda: reader.fetch_metadata(),
    lambda: reader.fetch_metadata(indices=9),
):
    try:
        action()
    except (OSError, ValueError) as error:
        print(isinstance(error, OSError), isinstance(error, ValueError))
