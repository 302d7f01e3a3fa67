"""The command line: thin commands over the use-cases; stdout is data, stderr is narration."""
