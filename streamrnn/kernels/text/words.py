"""Words of 64 bits, as processors multiply and count in them.

Numba makes a float of an unsigned number that meets a signed one. So a word meets only words: named here, or made by
``np.uint64``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..machine.memory import address_of

ZERO, ONE, TWO, THREE, TEN = map(np.uint64, (0, 1, 2, 3, 10))
ALL_ONES = np.uint64(2**64 - 1)

_WIDE = ir.IntType(128)


@intrinsic
def multiply_wide(typing_context: Any, a: Any, b: Any) -> Any:
    """Return the high and the low word of a product."""

    def generate(context, builder, signature, arguments):
        word = arguments[0].type
        product = builder.mul(*(builder.zext(factor, _WIDE) for factor in arguments))
        high = builder.trunc(builder.lshr(product, ir.Constant(_WIDE, 64)), word)
        return context.make_tuple(builder, signature.return_type, [high, builder.trunc(product, word)])

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), generate


@intrinsic
def leading_zeros(typing_context: Any, word: Any) -> Any:
    """Return how many zero bits stand before the first one; 64 for zero."""

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Return how many zero bits stand behind the last one; 64 for zero."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def load_word(typing_context: Any, data: Any, i: Any) -> Any:
    """Return data[i : i + 8] as a word, the first byte lowest."""

    def generate(context, builder, signature, arguments):
        byte = address_of(context, builder, signature.args[0], arguments[0], [arguments[1]])
        word = builder.load(builder.bitcast(byte, ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return types.uint64(data, types.int64), generate


@intrinsic
def store_word(typing_context: Any, data: Any, i: Any, word: Any) -> Any:
    """Set data[i : i + 8] to a word, the lowest byte first."""

    def generate(context, builder, signature, arguments):
        byte = address_of(context, builder, signature.args[0], arguments[0], [arguments[1]])
        stored = builder.store(arguments[2], builder.bitcast(byte, ir.IntType(64).as_pointer()))
        stored.align = 1
        return context.get_dummy_value()

    return types.void(data, types.int64, types.uint64), generate


@intrinsic
def quotient(typing_context: Any, a: Any, b: Any) -> Any:
    """Return the bits of the float64 a / b, where floats hold both; no flag loosens this division."""

    def generate(context, builder, signature, arguments):
        floats = [builder.uitofp(number, ir.DoubleType()) for number in arguments]
        return builder.bitcast(builder.fdiv(*floats), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate
