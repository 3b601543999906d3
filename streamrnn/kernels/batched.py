"""The entries of a learner that learns in batches of keys: as those of ``learn.py``."""

from __future__ import annotations

from .arrays.views import open_pool
from .learn import take_rows
from .machine.jit import vector_entry


@vector_entry
def learn_batched_rows(real, double, integer, rows, marks, learn, records):
    """Run every row through the lane of its key: as `learn.learn_keyed_rows`."""
    pool, batch = open_pool(real, double, integer, None, 0), (real, double, integer, None)
    take_rows(real, double, integer, rows, None, pool, batch, None, marks, learn, records)


@vector_entry
def learn_batched_coded_rows(real, double, integer, rows, codes, marks, learn, records):
    """Run every row through the lane of its key: as `learn.learn_keyed_coded_rows`."""
    pool, batch = open_pool(real, double, integer, codes, 0), (real, double, integer, codes)
    take_rows(real, double, integer, rows, codes, pool, batch, None, marks, learn, records)
