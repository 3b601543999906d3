"""The entries of a learner whose network sees its targets a season ago: as those of ``learn.py`` and ``batched.py``."""

from __future__ import annotations

from .arrays.views import open_pool
from .learn import take_rows
from .machine.jit import vector_entry


@vector_entry
def learn_seasonal_rows(real, double, integer, rows, marks, learn, records):
    """Run every row through one learner: as `learn.learn_rows`."""
    take_rows(real, double, integer, rows, None, None, None, (double, integer), marks, learn, records)


@vector_entry
def learn_seasonal_coded_rows(real, double, integer, rows, codes, marks, learn, records):
    """Run every row through one learner with categories: as `learn.learn_coded_rows`."""
    take_rows(real, double, integer, rows, codes, None, None, (double, integer), marks, learn, records)


@vector_entry
def learn_seasonal_keyed_rows(real, double, integer, rows, marks, learn, records):
    """Run every row through the lane of its key: as `learn.learn_keyed_rows`."""
    pool = open_pool(real, double, integer, None, 0)
    take_rows(real, double, integer, rows, None, pool, None, (double, integer), marks, learn, records)


@vector_entry
def learn_seasonal_keyed_coded_rows(real, double, integer, rows, codes, marks, learn, records):
    """Run every row through the lane of its key: as `learn.learn_keyed_coded_rows`."""
    pool = open_pool(real, double, integer, codes, 0)
    take_rows(real, double, integer, rows, codes, pool, None, (double, integer), marks, learn, records)


@vector_entry
def learn_seasonal_batched_rows(real, double, integer, rows, marks, learn, records):
    """Run every row through the lane of its key: as `batched.learn_batched_rows`."""
    pool, batch = open_pool(real, double, integer, None, 0), (real, double, integer, None)
    take_rows(real, double, integer, rows, None, pool, batch, (double, integer), marks, learn, records)


@vector_entry
def learn_seasonal_batched_coded_rows(real, double, integer, rows, codes, marks, learn, records):
    """Run every row through the lane of its key: as `batched.learn_batched_coded_rows`."""
    pool, batch = open_pool(real, double, integer, codes, 0), (real, double, integer, codes)
    take_rows(real, double, integer, rows, codes, pool, batch, (double, integer), marks, learn, records)


ENTRIES = {  # by the kind of learner, see `schema.kernels_of`
    "seasonal": learn_seasonal_rows,
    "seasonal_coded": learn_seasonal_coded_rows,
    "seasonal_keyed": learn_seasonal_keyed_rows,
    "seasonal_keyed_coded": learn_seasonal_keyed_coded_rows,
    "seasonal_batched": learn_seasonal_batched_rows,
    "seasonal_batched_coded": learn_seasonal_batched_coded_rows,
}
