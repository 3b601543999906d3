"""Categories: as inputs, as outputs, and what counts of them add."""
