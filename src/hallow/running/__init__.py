"""Carrying a run out: life cycle, captured output, seeds, metrics, heartbeat, telling the observers."""
