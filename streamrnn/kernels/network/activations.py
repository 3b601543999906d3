"""tanh and the logistic function, for single numbers and for vectors.

float32 takes a rational minimax approximation that vectorises (error below 5 units in the last place, see
``tests/kernels/network/test_activations.py``); float64, which is there for checking gradients, takes the C library's
tanh.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..machine.jit import by_type, kernel
from ..machine.vector import VectorType, constant, fma, greater, lesser

SATURATED = 7.90531110763549805  # beyond it the approximation stays at +-0.9999998


@kernel
def tanh_rational(x: Any) -> Any:
    """Return x P(x^2) / Q(x^2), with the coefficients that Eigen uses for float32."""
    x = greater(lesser(x, constant(x, SATURATED)), constant(x, -SATURATED))
    square = x * x
    above = constant(x, -2.76076847742355e-16)
    above = fma(above, square, constant(x, 2.00018790482477e-13))
    above = fma(above, square, constant(x, -8.60467152213735e-11))
    above = fma(above, square, constant(x, 5.12229709037114e-08))
    above = fma(above, square, constant(x, 1.48572235717979e-05))
    above = fma(above, square, constant(x, 6.37261928875436e-04))
    above = fma(above, square, constant(x, 4.89352455891786e-03))
    below = constant(x, 1.19825839466702e-06)
    below = fma(below, square, constant(x, 1.18534705686654e-04))
    below = fma(below, square, constant(x, 2.26843463243900e-03))
    below = fma(below, square, constant(x, 4.89352518554385e-03))
    return x * above / below


@intrinsic
def tanh_exact(typing_context, x):
    """The C library's tanh, lane by lane."""

    def generate(context, builder, signature, arguments):
        double = ir.DoubleType()
        tanh = cgutils.get_or_insert_function(builder.module, ir.FunctionType(double, [double]), "tanh")
        (value,) = arguments
        if not isinstance(x, VectorType):
            return builder.call(tanh, [value])
        for lane in range(value.type.count):
            position = ir.Constant(ir.IntType(32), lane)
            exact = builder.call(tanh, [builder.extract_element(value, position)])
            value = builder.insert_element(value, exact, position)
        return value

    return x(x), generate


def tanh(x: Any) -> Any:
    """Hyperbolic tangent, as exact as the dtype deserves."""


@by_type(tanh)
def _tanh_by_type(x):
    dtype = x.dtype if isinstance(x, VectorType) else x
    if dtype == types.float64:
        return lambda x: tanh_exact(x)
    return lambda x: tanh_rational(x)


@kernel
def sigmoid(x: Any) -> Any:
    """The logistic function, as (1 + tanh(x / 2)) / 2."""
    half = constant(x, 0.5)
    return fma(half, tanh(half * x), half)
