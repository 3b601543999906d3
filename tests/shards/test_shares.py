"""Whose a key is: a function of the key and the number of shards, and of nothing else."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest

from streamrnn.shards.shares import shard_of_key, shards_of_keys


def test_a_keys_shard_is_the_same_in_every_process():
    assert [shard_of_key(key, 8) for key in ("north", "süd", "", None, 7, -1, 0.5, 2**70)] == [5, 1, 4, 4, 2, 6, 3, 1]


def test_keys_that_are_one_in_python_have_one_shard():
    for shards in (2, 3, 64):
        for equal in ([1, 1.0, True], [0, -0.0, False], [10**22, 1e22]):
            assert len({shard_of_key(key, shards) for key in equal}) == 1


@pytest.mark.parametrize("kind", [pyarrow.int16(), pyarrow.float32(), pyarrow.string(), pyarrow.large_string()])
def test_a_column_of_keys_is_shared_out_as_its_keys_are(kind):
    column = pyarrow.array([3, None, 5, 3, 8, 13, None]).cast(kind)
    expected = [shard_of_key(key, 3) for key in column.to_pylist()]
    assert shards_of_keys(column, 3).tolist() == expected
    assert shards_of_keys(column.dictionary_encode(), 3).tolist() == expected
    assert shards_of_keys(column[:0], 3).tolist() == []


def test_keys_are_shared_out_about_evenly():
    counts = np.bincount([shard_of_key(f"pump {number}", 4) for number in range(4000)])
    assert counts.min() > 900
