"""An irregular stream put on a regular grid of times: one row per cell, with the last value of each column in it.

::

    source = GridSource(open_source("ticks.csv"), time="time", every=100_000_000)   # nanoseconds

A cell is all times from one multiple of the step to before the next. Its row is delivered as soon as a row of a later
cell has come, the last one at the end: by the times of the rows alone, so the same rows give the same grid however
fast they come and wherever batches end.
"""

from .source import GridSource

__all__ = ["GridSource"]
