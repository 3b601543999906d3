"""``range``, ``min`` and ``max``, as kernels need them.

Numba's own range works out beforehand how often a loop will run, by a division, and what to raise if the step is 0: for
a short loop that is most of the code that LLVM reads, and takes away again. A kernel's loop counts until it has reached
its end. Numba's own ``min`` is a function that is compiled and optimised for each kind of arguments; here it is two
instructions where it stands. Kernels say what Python says; `rewriting.py` puts what is here in its place.
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import models, register_model

# --- range ------------------------------------------------------------------------------------------------------------


def count(*bounds: int) -> range:
    """Count as ``range`` does; a step that is not a literal is positive."""
    return range(*bounds)


class CountType(types.SimpleIterableType):
    """Numba's type of a range; down: whether its step is a negative literal."""

    def __init__(self, down: bool) -> None:
        super().__init__(f"Count({down})", CounterType(down))


class CounterType(types.SimpleIteratorType):
    """Numba's type of its iterator."""

    def __init__(self, down: bool) -> None:
        self.down = down
        super().__init__(f"Counter({down})", types.int64)


@register_model(CountType)
class CountModel(models.StructModel):
    """Where it begins and ends, and its step."""

    def __init__(self, manager: Any, count: CountType) -> None:
        super().__init__(manager, count, [(name, types.int64) for name in ("start", "stop", "step")])


@register_model(CounterType)
class CounterModel(models.StructModel):
    """The address of the next number, where it ends, and its step."""

    def __init__(self, manager: Any, counter: CounterType) -> None:
        members = [("next", types.CPointer(types.int64)), ("stop", types.int64), ("step", types.int64)]
        super().__init__(manager, counter, members)


@infer_global(count)
class _Count(AbstractTemplate):
    """count(stop), count(start, stop), count(start, stop, step)"""

    prefer_literal = True

    def generic(self, args: Any, kws: Any) -> Any:
        step = getattr(args[2], "literal_value", 1) if len(args) == 3 else 1
        return CountType(step < 0)(*[types.int64] * len(args))


def _together(context: Any, kind: Any, builder: Any, members: tuple[Any, ...]) -> Any:
    """Put the members of a structure together."""
    value = ir.Constant(context.get_value_type(kind), ir.Undefined)
    for place, member in enumerate(members):
        value = builder.insert_value(value, member, place)
    return value


@lower_builtin(count, types.VarArg(types.int64))
def _range(context, builder, signature, arguments):
    zero, one = (ir.Constant(ir.IntType(64), number) for number in (0, 1))
    bounds = [zero, *arguments] if len(arguments) == 1 else [*arguments]
    return _together(context, signature.return_type, builder, (*bounds, one)[:3])


@lower_builtin("getiter", CountType)
def _begin(context, builder, signature, arguments):
    (bounds,) = arguments
    start, stop, step = (builder.extract_value(bounds, place) for place in range(3))
    place = cgutils.alloca_once(builder, start.type)
    builder.store(start, place)
    return _together(context, signature.return_type, builder, (place, stop, step))


@lower_builtin("iternext", CounterType)
def _next(context, builder, signature, arguments):
    (counter,) = arguments
    place, stop, step = (builder.extract_value(counter, place) for place in range(3))
    number = builder.load(place)
    builder.store(builder.add(number, step, flags=("nsw",)), place)
    goes_on = builder.icmp_signed(">" if signature.args[0].down else "<", number, stop)
    return _together(context, signature.return_type, builder, (number, goes_on))


# --- min and max ------------------------------------------------------------------------------------------------------


def least(*numbers: Any) -> Any:
    """Return the least number; of those that compare with none, as NaN does, the first."""
    return min(numbers)


def greatest(*numbers: Any) -> Any:
    """Return the greatest number; of those that compare with none, as NaN does, the first."""
    return max(numbers)


@infer_global(least)
@infer_global(greatest)
class _Extreme(AbstractTemplate):
    """The numbers' common type."""

    def generic(self, args: Any, kws: Any) -> Any:
        common = self.context.unify_types(*args)
        return None if common is None else common(*[common] * len(args))


def _choose(symbol: Any, is_better: Any) -> None:
    """Let each number that is better than those before it take their place."""

    @lower_builtin(symbol, types.VarArg(types.Any))
    def generate(context, builder, signature, arguments):
        common = signature.return_type
        compare = context.get_function(is_better, types.boolean(common, common))
        return reduce(lambda best, number: builder.select(compare(builder, (number, best)), number, best), arguments)


_choose(least, operator.lt)
_choose(greatest, operator.gt)


SUBSTITUTES = {range: count, min: least, max: greatest}
