# $ help
# $ main with seed=1
# $ help main
"""What this script is about.

Second paragraph.
"""

from sacred import Experiment

ex = Experiment("documented", base_dir=".")


@ex.automain
def main(a=1, *args, b="two", **kwargs):
    """Main's words."""
    print(ex.doc.strip(), ex.get_usage("prog.py")[0].strip())
