"""Named views onto flat arrays, and the processor's treatment of denormal numbers.

A slice made by Numba shares ownership of its array, and pays for it with atomic counts in the inner loops. The
views made here own nothing: the flat arrays are arguments of the entry that Python called, so they outlive every
view.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

X86 = platform.machine() in ("x86_64", "AMD64")
ARM = platform.machine() in ("aarch64", "arm64")


def _carve(dimensions: int) -> Any:
    """Make ``carve(flat, start, *shape)``, a C-ordered view that begins at ``flat[start]``."""

    def generate(context, builder, signature, arguments):
        flat_type = signature.args[0]
        flat = context.make_array(flat_type)(context, builder, arguments[0])
        view = context.make_array(signature.return_type)(context, builder)
        item = context.get_constant(types.intp, flat_type.dtype.bitwidth // 8)
        shape, strides, stride = list(arguments[2:]), [], item
        for size in reversed(shape):
            strides.insert(0, stride)
            stride = builder.mul(stride, size)
        data = builder.gep(flat.data, [arguments[1]])
        populate_array(view, data=data, shape=shape, strides=strides, itemsize=item, meminfo=None, parent=None)
        return view._getvalue()

    def signature(flat):
        view = types.Array(flat.dtype, dimensions, "C")
        return view(flat, types.intp, *[types.intp] * dimensions)

    if dimensions == 1:

        @intrinsic
        def carve(typing_context, flat, start, size):
            return signature(flat), generate

    elif dimensions == 2:

        @intrinsic
        def carve(typing_context, flat, start, rows, columns):
            return signature(flat), generate

    else:

        @intrinsic
        def carve(typing_context, flat, start, planes, rows, columns):
            return signature(flat), generate

    return carve


carve1, carve2, carve3 = _carve(1), _carve(2), _carve(3)


FLUSH_X86 = 0x8040  # MXCSR: flush to zero, denormals are zero
FLUSH_ARM = 1 << 24  # FPCR: FZ


def _control_word(context: Any, builder: Any) -> Any:
    """Read this thread's floating-point control register."""
    if X86:
        place = cgutils.alloca_once(builder, ir.IntType(32))
        read = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, read, "llvm.x86.sse.stmxcsr")
        builder.call(function, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return builder.zext(builder.load(place), ir.IntType(64))
    read = ir.FunctionType(ir.IntType(64), [])
    return builder.asm(read, "mrs $0, fpcr", "=r", [], side_effect=True)


def _set_control_word(context: Any, builder: Any, word: Any) -> None:
    """Write this thread's floating-point control register."""
    if X86:
        place = cgutils.alloca_once(builder, ir.IntType(32))
        builder.store(builder.trunc(word, ir.IntType(32)), place)
        write = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, write, "llvm.x86.sse.ldmxcsr")
        builder.call(function, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return
    write = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
    builder.asm(write, "msr fpcr, $0", "r", [word], side_effect=True)


@intrinsic
def flush_denormals(typing_context):
    """Treat denormal numbers as zero in this thread; return what was set before, for `restore_denormals`.

    A moment that decays towards zero ends in the denormals, where every operation takes many times as long.
    """

    def generate(context, builder, signature, arguments):
        if not (X86 or ARM):
            return context.get_constant(types.int64, 0)
        before = _control_word(context, builder)
        flush = ir.Constant(ir.IntType(64), FLUSH_X86 if X86 else FLUSH_ARM)
        _set_control_word(context, builder, builder.or_(before, flush))
        return before

    return types.int64(), generate


@intrinsic
def restore_denormals(typing_context, before):
    """Put back what `flush_denormals` returned: the host's flags are the host's."""

    def generate(context, builder, signature, arguments):
        if X86 or ARM:
            _set_control_word(context, builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate
