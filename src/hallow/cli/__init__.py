"""The command line: words to updates and options, and the help text. Knows descriptions, not experiments."""
