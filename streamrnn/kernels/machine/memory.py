"""Named views onto flat arrays, and the processor's treatment of denormal numbers.

Numba's own arrays know their owner, and have seven to eleven fields. The views made here know an address and a shape,
so handing fifty of them from kernel to kernel is cheap, for the compiler above all. The flat arrays are arguments of
the entry that Python called, so they outlive every view.
"""

from __future__ import annotations

import operator
import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global
from numba.extending import infer_getattr, intrinsic, lower_getattr, models, register_model

X86 = platform.machine() in ("x86_64", "AMD64")
ARM = platform.machine() in ("aarch64", "arm64")


class ViewType(types.Type):
    """Numba's type of a C-ordered view of one, two or three dimensions."""

    def __init__(self, dtype: Any, ndim: int) -> None:
        self.dtype = dtype
        self.ndim = ndim
        super().__init__(name=f"View({dtype}, {ndim})")


@register_model(ViewType)
class ViewModel(models.StructModel):
    """An address and a shape."""

    def __init__(self, manager: Any, view: ViewType) -> None:
        members = [("data", types.CPointer(view.dtype)), ("shape", types.UniTuple(types.intp, view.ndim))]
        super().__init__(manager, view, members)

    def from_data(self, builder: Any, value: Any) -> Any:
        """Return it as it is: it looks the same in memory."""
        return value


@infer_getattr
class _Shape(AttributeTemplate):
    """view.shape"""

    key = ViewType

    def resolve_shape(self, view: Any) -> Any:
        return types.UniTuple(types.intp, view.ndim)


@lower_getattr(ViewType, "shape")
def _get_shape(context, builder, view, value):
    return builder.extract_value(value, 1)


def _size(builder: Any, view: Any, axis: int) -> Any:
    """Read how long a view is along an axis, without a place in memory for the view, as Numba's helpers need."""
    return builder.extract_value(view, [1, axis])


TABLE, NUMBERS = "table", "numbers"  # what a learner's memory holds: where things are, and the things


def mark(builder: Any, access: Any, what: str) -> Any:
    """Tell LLVM what a load or store is of: no store of a number changes where numbers are."""
    module = builder.module
    root = module.add_metadata(["streamrnn"])
    kind = module.add_metadata([what, root])
    access.set_metadata("tbaa", module.add_metadata([kind, kind, ir.Constant(ir.IntType(64), 0)]))
    return access


def address_of(context: Any, builder: Any, source: Any, value: Any, indices: list[Any]) -> Any:
    """Pointer to ``source[indices]``, a view or an array whose rows are contiguous; no index is checked or wrapped."""
    if isinstance(source, ViewType):
        place = indices[0]
        for axis, index in enumerate(indices[1:], 1):
            place = builder.add(builder.mul(place, _size(builder, value, axis)), index)
        return builder.gep(builder.extract_value(value, 0), [place])
    array = context.make_array(source)(context, builder, value)
    strides = cgutils.unpack_tuple(builder, array.strides, source.ndim)
    start = builder.ptrtoint(array.data, ir.IntType(64))
    for index, stride in zip(indices, strides, strict=True):
        start = builder.add(start, builder.mul(index, stride))
    return builder.inttoptr(start, array.data.type)


def _make_view(context: Any, builder: Any, type_: ViewType, data: Any, shape: list[Any]) -> Any:
    view = ir.Constant(context.get_value_type(type_), ir.Undefined)
    for axis, size in enumerate(shape):
        view = builder.insert_value(view, size, [1, axis])
    return builder.insert_value(view, data, 0)


def _index_types(view: Any, index: Any) -> Any:
    """How an index is understood: a number, a tuple of numbers, or None."""
    if isinstance(index, types.Integer):
        return types.intp
    if isinstance(index, types.BaseTuple) and len(index) == view.ndim:
        return types.UniTuple(types.intp, view.ndim)
    return None


def _indices(builder: Any, view: ViewType, index_type: Any, index: Any) -> list[Any]:
    return [index] if isinstance(index_type, types.Integer) else cgutils.unpack_tuple(builder, index, view.ndim)


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    """view[i, j] is a number; view[i] is one too, or a row."""

    def generic(self, args: Any, kws: Any) -> Any:
        view, index = args
        understood = _index_types(view, index) if isinstance(view, ViewType) else None
        if understood is None:
            return None
        is_row = understood == types.intp and view.ndim == 2
        return (ViewType(view.dtype, 1) if is_row else view.dtype)(view, understood)


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    """view[i, j] = number."""

    def generic(self, args: Any, kws: Any) -> Any:
        view, index, _ = args
        understood = _index_types(view, index) if isinstance(view, ViewType) else None
        return None if understood is None else types.none(view, understood, view.dtype)


@lower_builtin(operator.getitem, ViewType, types.intp)
@lower_builtin(operator.getitem, ViewType, types.UniTuple)
def _get(context, builder, signature, arguments):
    view, index = signature.args
    indices = _indices(builder, view, index, arguments[1])
    if len(indices) == view.ndim:
        return mark(builder, builder.load(address_of(context, builder, view, arguments[0], indices)), NUMBERS)
    zero = ir.Constant(ir.IntType(64), 0)
    row = address_of(context, builder, view, arguments[0], [*indices, zero])
    return _make_view(context, builder, signature.return_type, row, [_size(builder, arguments[0], 1)])


@lower_builtin(operator.setitem, ViewType, types.intp, types.Any)
@lower_builtin(operator.setitem, ViewType, types.UniTuple, types.Any)
def _set(context, builder, signature, arguments):
    view, index, _ = signature.args
    indices = _indices(builder, view, index, arguments[1])
    mark(builder, builder.store(arguments[2], address_of(context, builder, view, arguments[0], indices)), NUMBERS)
    return context.get_dummy_value()


def _carve(dimensions: int) -> Any:
    """Make ``carve(source, start, *shape)``, a view that begins ``start`` numbers into an array or another view."""

    def generate(context, builder, signature, arguments):
        source = signature.args[0]
        zero = ir.Constant(ir.IntType(64), 0)
        first = address_of(context, builder, source, arguments[0], [zero] * source.ndim)
        data = builder.gep(first, [arguments[1]])
        return _make_view(context, builder, signature.return_type, data, list(arguments[2:]))

    def signature(source):
        return ViewType(source.dtype, dimensions)(source, types.intp, *[types.intp] * dimensions)

    if dimensions == 1:

        @intrinsic
        def carve(typing_context, source, start, size):
            return signature(source), generate

    elif dimensions == 2:

        @intrinsic
        def carve(typing_context, source, start, rows, columns):
            return signature(source), generate

    else:

        @intrinsic
        def carve(typing_context, source, start, planes, rows, columns):
            return signature(source), generate

    return carve


carve1, carve2, carve3 = _carve(1), _carve(2), _carve(3)


@intrinsic
def prefetch(typing_context, view, i):
    """Let the cache line of ``view[i]`` begin to come from memory; the processor does not wait for it."""

    def generate(context, builder, signature, arguments):
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        fetch = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, fetch, "llvm.prefetch.p0")
        address = builder.bitcast(address_of(context, builder, view, arguments[0], [arguments[1]]), byte)
        builder.call(function, [address, flag(FOR_READING), flag(INTO_L2), flag(DATA)])
        return context.get_dummy_value()

    return types.void(view, types.int64), generate


FOR_READING, INTO_L2, DATA = 0, 2, 1  # as LLVM has them


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
