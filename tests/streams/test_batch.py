"""Batches: cut anywhere, nothing changes its place."""

import pyarrow as pa
import pytest

from streamrnn.streams import BadCell, Batch, Cause, Refused


def batch_of(rows, refused_before, bad_rows):
    refused = [Refused(offset, None, None, Cause.RAGGED, "why", f"raw{n}") for n, offset in enumerate(refused_before)]
    cells = [BadCell(row, None, None, "x", Cause.NOT_A_NUMBER, f"bad{row}") for row in bad_rows]
    return Batch(pa.record_batch({"x": pa.array(range(rows), pa.float64())}), tuple(refused), tuple(cells))


def arrivals_of(batch):
    """What came, one after the other."""
    values = batch.table["x"].to_pylist()
    bad = {cell.row: cell.text for cell in batch.bad_cells}
    arrived = dict(zip(batch.refused_arrivals, (row.raw for row in batch.refused), strict=True))
    for row, value in enumerate(values):
        arrived[batch.arrival_of(row)] = (value, bad.get(row))
    return [arrived[place] for place in range(batch.arrivals)]


BATCHES = [
    batch_of(6, [], []),
    batch_of(6, [0, 0, 3, 6, 6], [0, 2, 5]),
    batch_of(0, [0, 0], []),
    batch_of(3, [1, 1, 1], [1]),
    batch_of(0, [], []),
]


@pytest.mark.parametrize("batch", BATCHES)
def test_wherever_it_is_cut_the_arrivals_stay_the_same(batch):
    whole = arrivals_of(batch)
    for cut in range(batch.arrivals + 1):
        head, rest = batch.split(cut)
        assert (head.arrivals, rest.arrivals) == (cut, batch.arrivals - cut)
        assert arrivals_of(head) + arrivals_of(rest) == whole
        for end in range(cut, batch.arrivals + 1):
            assert arrivals_of(batch.slice(cut, end)) == whole[cut:end]


def test_a_cut_behind_the_end_leaves_nothing():
    head, rest = BATCHES[1].split(1000)
    assert (head.arrivals, rest.arrivals) == (11, 0)
