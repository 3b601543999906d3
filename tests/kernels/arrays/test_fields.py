"""The list of a learner's arrays."""

from __future__ import annotations

from streamrnn.kernels.arrays.fields import FIELDS


def test_every_array_has_a_name_of_its_own_and_says_what_it_holds():
    assert len({field.name for field in FIELDS}) == len(FIELDS)
    assert [field.name for field in FIELDS if not field.meaning] == []
