"""The journal of a run: everything it logged and printed, on the local disk from the moment it happened."""
