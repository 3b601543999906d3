"""What becomes of bad rows, and when there are too many."""

import pyarrow as pa
import pytest

from streamrnn.streams import BadCell, Batch, Cause, Refused
from streamrnn.streams.bad_rows import BadRows, MaxBad, bad_arrivals


def refused(offset):
    return Refused(offset, 7, 70, Cause.RAGGED, "why", "raw")


def bad(row, column="x"):
    return BadCell(row, 8, 80, column, Cause.NOT_A_NUMBER, "abc")


# Arrivals: 0, refused, refused, 1, 2, 3, refused; rows 1 and 3 have bad cells.
BATCH = Batch(
    pa.record_batch({"x": pa.array([0.0, None, 2.0, None]), "y": pa.array([0.0, None, 2.0, 3.0])}),
    (refused(1), refused(1), refused(4)),
    (bad(1), bad(3), bad(1, "y")),
)
GOOD = Batch(pa.record_batch({"x": pa.array([0.0] * 1000)}))


def test_a_row_is_bad_if_it_or_one_of_its_cells_could_not_be_read():
    assert bad_arrivals(BATCH) == [1, 2, 3, 5, 6]
    assert bad_arrivals(GOOD) == []


def test_a_bad_cell_stays_null():
    assert BadRows("null").admitted(BATCH) is BATCH


def test_a_row_with_a_bad_cell_is_left_out_and_the_arrivals_stay_as_many():
    admitted = BadRows("skip").admitted(BATCH)
    assert admitted.table.to_pylist() == [{"x": 0.0, "y": 0.0}, {"x": 2.0, "y": 2.0}]
    assert (admitted.arrivals, admitted.bad_cells) == (BATCH.arrivals, ())
    assert [row.offset for row in admitted.refused] == [1, 1, 1, 2, 2]
    assert admitted.refused[2] == Refused(1, 8, 80, Cause.NOT_A_NUMBER, "column 'x': not a number", "abc", "x")


@pytest.mark.parametrize(("most", "allowed"), [(0, 1), (1, 2), (2, 3), (3, 5), (4, 6), (5, 7)])
def test_so_many_bad_rows_are_allowed_and_the_next_one_is_not(most, allowed):
    rows = BadRows("null", MaxBad(count=most))
    assert rows.allowed(BATCH) == allowed
    assert rows.too_many == (allowed < 7)


def test_to_stop_is_to_allow_none():
    assert BadRows("stop", MaxBad(count=5)).allowed(BATCH) == 1


@pytest.mark.parametrize("size", [1, 3, 7])
def test_where_it_ends_does_not_depend_on_how_rows_are_cut(size):
    rows, taken = BadRows("null", MaxBad(count=3)), 0
    for start in range(0, BATCH.arrivals, size):
        piece = BATCH.slice(start, start + size)
        allowed = rows.allowed(piece)
        taken += allowed
        if allowed < piece.arrivals:
            break
    assert taken == 5


def test_a_share_is_not_looked_at_before_there_are_rows_enough_and_then_at_every_bad_row():
    few = BadRows("null", MaxBad(share=0.01))
    assert few.allowed(BATCH) == BATCH.arrivals
    assert few.too_many
    many = BadRows("null", MaxBad(share=0.003))
    assert many.allowed(GOOD) == 1000
    assert (many.allowed(BATCH), many.too_many) == (5, True)
    exactly = BadRows("null", MaxBad(share=0.01))
    exactly.allowed(GOOD)
    assert (exactly.allowed(BATCH), exactly.too_many) == (7, False)
