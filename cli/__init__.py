"""The command line: one file per command, and nothing that the library needs."""
