"""How a kernel's code is rewritten before types are inferred."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.consts import ConstantInference
from numba.core.ir_utils import find_const, get_definition, guard

from .substitutes import SUBSTITUTES


@register_pass(mutates_CFG=False, analysis_only=False)
class FixNumbers(FunctionPass):
    """Write the numbers that are fixed where a kernel reads them; Numba prunes the branches that they rule out.

    They are those fields of an argument, at any depth, that its type has among its ``fixed`` ones.
    """

    _name = "fix_numbers"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Replace each such read by a constant."""
        return _replace(state.func_ir, lambda value: _fixed_number(state, value))


@register_pass(mutates_CFG=False, analysis_only=False)
class Simplify(FunctionPass):
    """Let what is in every kernel be a few instructions: `SUBSTITUTES` of builtins, and reading one size of a shape."""

    _name = "simplify"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Replace each of them."""
        return _replace(state.func_ir, lambda value: _substitute(value) or _one_size(state.func_ir, value))


def _replace(code: Any, instead: Callable[[Any], Any]) -> bool:
    """Assign what `instead` makes of a value, if it is not None; return whether anything is another now."""
    changed = False
    for block in code.blocks.values():
        for assignment in block.find_insts(ir.Assign):
            value = instead(assignment.value)
            if value is not None:
                definitions = code._definitions[assignment.target.name]
                definitions[definitions.index(assignment.value)] = value
                assignment.value, changed = value, True
    if changed:
        code._consts = ConstantInference(code)
    return changed


def _fixed_number(state: Any, value: Any) -> Any:
    if not _is(value, "getattr"):
        return None
    number = getattr(_type_of(state, value.value), "fixed", {}).get(value.attr)
    return None if number is None else ir.Const(number, value.loc)


def _type_of(state: Any, variable: Any) -> Any:
    """The type of an argument, or of its field, before types are inferred; None of all else."""
    value = guard(get_definition, state.func_ir, variable)
    if isinstance(value, ir.Arg):
        return state.args[value.index]
    if not isinstance(value, ir.Expr):
        return None
    if value.op == "getattr":
        return getattr(_type_of(state, value.value), "members", {}).get(value.attr)
    if value.op == "static_getitem":  # of several values that are assigned at once
        values = guard(get_definition, state.func_ir, value.value)
        if isinstance(values, ir.Expr) and values.op == "exhaust_iter":
            values = guard(get_definition, state.func_ir, values.value)
        if isinstance(values, ir.Expr) and values.op == "build_tuple":
            return _type_of(state, values.items[value.index])
    return None


def _substitute(value: Any) -> Any:
    """Return what a kernel is to call instead of a builtin; its own name, as Numba lets nobody redefine one."""
    for builtin, instead in SUBSTITUTES.items() if isinstance(value, ir.Global) else ():
        if value.value is builtin:
            return ir.Global(instead.__name__, instead, value.loc)
    return None


def _one_size(code: Any, value: Any) -> Any:
    """``shape[0]``: Numba would make code that looks which size is asked for, and raises if there is none."""
    if not _is(value, "getitem"):
        return None
    shape, place = guard(get_definition, code, value.value), guard(find_const, code, value.index)
    if not _is(shape, "getattr") or shape.attr != "shape" or not isinstance(place, int):
        return None
    return ir.Expr.static_getitem(value.value, place, value.index, value.loc)


def _is(value: Any, operation: str) -> bool:
    return isinstance(value, ir.Expr) and value.op == operation
