"""What stands for Python's builtins in kernels does what they do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from streamrnn.kernels.machine.jit import kernel, uncached_entry
from streamrnn.kernels.machine.memory import carve2, carve3

BOUNDS = [(0, 0), (0, 1), (3, 9), (-4, 4), (5, 2), (-1, -7)]


def counted(loop, *numbers):
    """What an entry counts, in a list that would show a number too many."""

    @uncached_entry
    def enter(numbers, seen):
        seen[0] = loop(numbers, seen)

    seen = np.full(40, -99)
    enter(np.array([*numbers, 0]), seen)
    return seen[1 : 1 + seen[0]].tolist()


@kernel
def to_stop(numbers, seen):
    many = 0
    for i in range(numbers[0]):
        many += 1
        seen[many] = i
    return many


@kernel
def from_start(numbers, seen):
    many = 0
    for i in range(numbers[0], numbers[1]):
        many += 1
        seen[many] = i
    return many


@kernel
def by_threes(numbers, seen):
    many = 0
    for i in range(numbers[0], numbers[1], 3):
        many += 1
        seen[many] = i
    return many


@kernel
def down_by_twos(numbers, seen):
    many = 0
    for i in range(numbers[0], numbers[1], -2):
        many += 1
        seen[many] = i
    return many


@kernel
def by_a_variable(numbers, seen):
    many = 0
    for i in range(numbers[0], numbers[1], numbers[2]):
        many += 1
        seen[many] = i
    return many


@kernel
def within_each_other(numbers, seen):
    """Skip the first number, leave the inner loop early, and change what the outer one counts by and to."""
    many, stop = 0, numbers[0]
    for i in range(stop):
        stop = 0
        for j in range(i, 2 * i):
            if j == i:
                continue
            if j > 5:
                break
            many += 1
            seen[many] = 10 * i + j
        i = 100
    return many


@pytest.mark.parametrize(("start", "stop"), BOUNDS)
def test_a_loop_counts_what_a_range_counts(start, stop):
    assert counted(to_stop, stop) == list(range(stop))
    assert counted(from_start, start, stop) == list(range(start, stop))
    assert counted(by_threes, start, stop) == list(range(start, stop, 3))
    assert counted(down_by_twos, start, stop) == list(range(start, stop, -2))
    assert counted(by_a_variable, start, stop, 4) == list(range(start, stop, 4))


def test_loops_within_each_other_count_each_for_itself():
    assert counted(within_each_other, 6) == [10 * i + j for i in range(6) for j in range(i + 1, min(2 * i, 6))]


@uncached_entry
def extremes(a, b, out):
    """Of numbers and of literals, of one type and of several."""
    out[0], out[1] = min(a[0], b[0]), max(a[0], b[0])
    out[2], out[3] = min(a[0], 1, b[0]), max(a[0], 1, b[0])


@pytest.mark.parametrize("types", [(float, float), (int, int), (np.float32, float), (int, float)])
@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 1), (-3, 3), (0, 0)])
def test_the_least_and_the_greatest_number_are_pythons(types, a, b):
    out = np.empty(4)
    extremes(np.array([a], types[0]), np.array([b], types[1]), out)
    assert out.tolist() == [min(a, b), max(a, b), min(a, 1, b), max(a, 1, b)]


@pytest.mark.parametrize(("a", "b"), [(math.nan, 2.0), (2.0, math.nan), (math.nan, math.nan)])
def test_what_compares_with_nothing_stays_if_it_comes_first_as_in_python(a, b):
    out = np.empty(4)
    extremes(np.array([a]), np.array([b]), out)
    np.testing.assert_array_equal(out, [min(a, b), max(a, b), min(a, 1, b), max(a, 1, b)])


def test_a_size_is_read_by_its_place():
    @uncached_entry
    def sizes(numbers, out):
        plane, cube = carve2(numbers, 0, 2, 3), carve3(numbers, 0, 4, 5, 6)
        rows, columns = plane.shape
        out[0], out[1], out[2], out[3] = plane.shape[0], plane.shape[1], rows, columns
        out[4], out[5], out[6], out[7] = cube.shape[0], cube.shape[1], cube.shape[-1], numbers.shape[0]

    out = np.empty(8)
    sizes(np.zeros(120), out)
    assert out.tolist() == [2, 3, 2, 3, 4, 5, 6, 120]
