"""Sixteen numbers at once: a vector type for kernels, as wide as a row of any matrix is padded to.

LLVM vectorises a plain loop only if it can prove that no two of its arrays overlap, and then guesses how far to unroll.
The inner loops here work on half a dozen rows at a time, where both go wrong. With vectors spelled out, a sum stays in
registers over the whole loop, and one expression serves as well for single numbers (see `load`): float32 and float64,
any processor, since LLVM splits vectors that are wider than its registers.

>>> row = load(like, a, i, j)       # a[i, j : j + LANES], or the single a[i, j] if `like` is a number
>>> store(b, i, j, row * row)
"""

from __future__ import annotations

import math
import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, models, register_model

from .jit import FAST_MATH, kernel
from .memory import NUMBERS, address_of, mark

LANES = 16


class VectorType(types.Type):
    """Numba's type of `LANES` numbers of one dtype."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """A vector is one LLVM value."""

    def __init__(self, manager: Any, vector: VectorType) -> None:
        super().__init__(manager, vector, _llvm(vector.dtype))


def _llvm(dtype: Any) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if dtype == types.float32 else ir.DoubleType(), LANES)


def _call(builder: Any, name: str, value: ir.Type, arguments: Any, result: ir.Type | None = None) -> Any:
    """Call an LLVM intrinsic whose overload is named after its operand's type."""
    suffix = ("v16" if isinstance(value, ir.VectorType) else "") + ("f32" if "float" in str(value) else "f64")
    function = ir.FunctionType(result or value, [argument.type for argument in arguments])
    declared = cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}.{suffix}")
    return builder.call(declared, arguments, fastmath=tuple(FAST_MATH))


def _pointer(context: Any, builder: Any, source: Any, arguments: Any) -> Any:
    """Address of the numbers from ``source[i, j]`` on; of ``source[j]`` where there is one dimension."""
    indices = list(arguments[3 - source.ndim : 3])
    number = address_of(context, builder, source, arguments[0], indices)
    return builder.bitcast(number, _llvm(source.dtype).as_pointer())


def _is_vector(value: Any) -> bool:
    return isinstance(value, VectorType)


# --- memory ---------------------------------------------------------------------------------------------------------


def _load_number(context: Any, builder: Any, array: Any, arguments: Any) -> Any:
    """Read ``array[i, j]`` as it stands: Numba's own indexing also looks for negative indices."""
    pointer = _pointer(context, builder, array, arguments)
    return mark(builder, builder.load(builder.bitcast(pointer, _llvm(array.dtype).element.as_pointer())), NUMBERS)


@intrinsic
def load(typing_context, like, array, i, j):
    """Read as many numbers as ``like`` holds: ``array[i, j : j + LANES]`` or ``array[i, j]``."""

    def generate(context, builder, signature, arguments):
        if not _is_vector(like):
            return _load_number(context, builder, array, arguments[1:])
        pointer = _pointer(context, builder, array, arguments[1:])
        return mark(builder, builder.load(pointer, align=array.dtype.bitwidth // 8), NUMBERS)

    result = VectorType(array.dtype) if _is_vector(like) else array.dtype
    return result(like, array, types.int64, types.int64), generate


@intrinsic
def store(typing_context, array, i, j, value):
    """Write a vector or a number at ``array[i, j]``."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, array, arguments)
        if not _is_vector(value):
            pointer = builder.bitcast(pointer, arguments[3].type.as_pointer())
        mark(builder, builder.store(arguments[3], pointer, align=array.dtype.bitwidth // 8), NUMBERS)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, value if _is_vector(value) else array.dtype), generate


@intrinsic
def spread(typing_context, array, i, j):
    """A vector that holds array[i, j] in every lane."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, _load_number(context, builder, array, arguments))

    return VectorType(array.dtype)(array, types.int64, types.int64), generate


# --- making and reducing --------------------------------------------------------------------------------------------


def _splat(builder: Any, number: Any) -> Any:
    empty = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, lanes)


@intrinsic
def splat(typing_context, number):
    """A vector that holds one number in every lane."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, arguments[0])

    return VectorType(number)(number), generate


@intrinsic
def total(typing_context, vector):
    """The sum of a vector's lanes."""

    def generate(context, builder, signature, arguments):
        element = arguments[0].type.element
        return _call(
            builder, "vector.reduce.fadd", arguments[0].type, [ir.Constant(element, 0.0), arguments[0]], element
        )

    return vector.dtype(vector), generate


def _fold(builder: Any, left: Any, right: Any, width: int) -> Any:
    """Halve the parts of ``width`` lanes that two vectors consist of, by adding: those of the left one come first."""
    half, both = width // 2, range(0, 2 * LANES, width)
    parts = [
        builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(ir.IntType(32), LANES), places))
        for places in (
            [start + lane for start in both for lane in range(half)],
            [start + half + lane for start in both for lane in range(half)],
        )
    ]
    return builder.fadd(*parts, flags=tuple(FAST_MATH))


def _add_neighbours(builder: Any, vector: Any, distance: int) -> Any:
    """Add to each lane the one that is ``distance``, a power of two, before or after it in the same pair."""
    lanes = [lane ^ distance for lane in range(LANES)]
    swapped = builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes))
    return builder.fadd(vector, swapped, flags=tuple(FAST_MATH))


@intrinsic
def store_totals(typing_context, array, i, j, bias, a, b, c, d):
    """``array[i, j : j + 4]`` = the sums of four vectors + ``bias[j : j + 4]``; together they take half the steps."""

    def generate(context, builder, signature, arguments):
        a, b, c, d = arguments[4:]
        four = _fold(builder, _fold(builder, a, b, LANES), _fold(builder, c, d, LANES), LANES // 2)
        sums = _add_neighbours(builder, _add_neighbours(builder, four, 2), 1)
        kind = ir.VectorType(a.type.element, 4)
        mask = ir.Constant(ir.VectorType(ir.IntType(32), 4), list(range(0, LANES, LANES // 4)))
        sums = builder.shuffle_vector(sums, sums, mask)
        size = array.dtype.bitwidth // 8
        source = _pointer(context, builder, bias, [arguments[3], None, arguments[2]])
        offset = mark(builder, builder.load(builder.bitcast(source, kind.as_pointer()), align=size), NUMBERS)
        place = builder.bitcast(_pointer(context, builder, array, arguments), kind.as_pointer())
        total = builder.fadd(sums, offset, flags=tuple(FAST_MATH))
        mark(builder, builder.store(total, place, align=size), NUMBERS)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, bias, a, b, c, d), generate


@intrinsic
def constant(typing_context, like, value):
    """``value`` in the type of ``like``: a bare literal would turn float32 arithmetic into float64."""
    number = like.dtype if _is_vector(like) else like

    def generate(context, builder, signature, arguments):
        narrow = context.cast(builder, arguments[1], signature.args[1], number)
        return _splat(builder, narrow) if _is_vector(like) else narrow

    return like(like, types.float64), generate


# --- arithmetic -----------------------------------------------------------------------------------------------------


def _operate(symbol: Any, instruction: str) -> None:
    """Let Python's operator work on two vectors."""

    @infer_global(symbol)
    class _OnVectors(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return args[0](*args) if _is_vector(args[0]) and args[0] == args[1] else None

    @lower_builtin(symbol, VectorType, VectorType)
    def generate(context, builder, signature, arguments):
        return getattr(builder, instruction)(*arguments, flags=tuple(FAST_MATH))


_operate(operator.add, "fadd")
_operate(operator.sub, "fsub")
_operate(operator.mul, "fmul")
_operate(operator.truediv, "fdiv")


def _elementwise(name: str, arity: int) -> Any:
    """An LLVM intrinsic that takes and returns vectors or numbers of one type."""

    def generate(context, builder, signature, arguments):
        return _call(builder, name, arguments[0].type, list(arguments))

    if arity == 1:

        @intrinsic
        def operation(typing_context, a):
            return a(a), generate

    elif arity == 2:

        @intrinsic
        def operation(typing_context, a, b):
            return a(a, b), generate

    else:

        @intrinsic
        def operation(typing_context, a, b, c):
            return a(a, b, c), generate

    return operation


def _bounded(comparison: str) -> Any:
    """``bound`` where ``bound comparison x``, else x. LLVM's minnum and maxnum would make a number of NaN."""

    @intrinsic
    def operation(typing_context, x, bound):
        def generate(context, builder, signature, arguments):
            value, limit = arguments
            return builder.select(builder.fcmp_ordered(comparison, limit, value), limit, value)

        return x(x, bound), generate

    return operation


fma = _elementwise("fma", 3)  # a * b + c in one rounding
root = _elementwise("sqrt", 1)
lesser = _bounded("<")  # the lesser of x and a bound; NaN if x is
greater = _bounded(">")  # the greater of x and a bound; NaN if x is


@kernel
def is_finite(number):
    """Whether a number is neither infinite nor NaN.

    ``math.isfinite`` asks whether x - x is 0, which `FAST_MATH` takes for granted where x is a sum.
    """
    return abs(number) < math.inf


@intrinsic
def positive(typing_context, x):
    """1 where x > 0, else 0."""

    def generate(context, builder, signature, arguments):
        (value,) = arguments
        zero = ir.Constant(value.type, [0.0] * LANES if isinstance(value.type, ir.VectorType) else 0.0)
        return builder.uitofp(builder.fcmp_ordered(">", value, zero), value.type)

    return x(x), generate
