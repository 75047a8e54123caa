"""The file store: one folder per run, in Sacred's layout; what hallow adds is in dot-folders beside it."""
