"""What a run is, and how its parts are written down: updates, the encoding of values, JSON files."""
