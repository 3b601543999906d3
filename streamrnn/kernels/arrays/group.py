"""Groups of named views onto a learner's flat arrays, which kernels hand on by their address.

A kernel sees hundreds of words of a learner: where each array begins, and its shape. Handed on by value, as Numba does
with tuples, they are taken apart and put together at every call, which is most of a compiler's work and a part of each
row's. A `Group` says which views belong together, by the names of `FIELDS`. Its opener writes them into the frame of
the kernel that calls it, once; what kernels then pass to each other is one address.

>>> class Guard(Group):
...     weights: Any = "good"  # the field of another name
...     standing: Any  # a field of the same name
>>> open_guard = opener(Guard)  # in a kernel: open_guard(double, integer, lane)
"""

from __future__ import annotations

import typing
from functools import cache
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

from ..machine.memory import TABLE, ViewType, address_of, mark
from .fields import FIELDS
from .kind import Kind
from .places import Rates
from .sizes import Sizes
from .state import AT, ENTRY, FIRST_OF_LANE, LANES_AT, SIZES_AT

WORD = ir.IntType(64)


class Group:
    """Base of the declarations. A field is a view (``Any``), a `Group`, one that may be None, `Sizes` or `Rates`.

    Its value is the name in `FIELDS`, if that is another one; a number, which it then holds; `EveryLane`; of a
    group, such values for its fields by name.
    """


class EveryLane(NamedTuple):
    """All lanes as they lie in one flat array: (lanes, numbers of a lane)."""

    flat: str


class GroupType(types.Type):
    """Numba's type of a group's address; its name is short, as a kernel's symbol holds those of all its arguments."""

    def __init__(self, group: Any, real: Any, kind: Kind) -> None:
        self.group = group
        self.members = _members(group, real, kind)
        super().__init__(name=f"{group.__name__}({real}, {kind})")


class NumbersType(types.Type):
    """Numba's type of the address of `Sizes` or `Rates`, where a learner keeps them."""

    def __init__(self, names: type[Any], kind: Kind) -> None:
        self.names = names._fields
        self.dtype = types.int64 if names is Sizes else types.float64
        self.fixed = {name: number for name, number in kind.fixed.items() if name in self.names}
        super().__init__(name=f"{names.__name__}({kind})")


@cache
def _members(group: Any, real: Any, kind: Kind) -> dict[str, Any]:
    """Return each field's type, in their order in memory."""
    hints = typing.get_type_hints(group)
    return {name: _member(hint, getattr(group, name, name), real, kind) for name, hint in hints.items()}


def _member(hint: Any, where: Any, real: Any, kind: Kind) -> Any:
    if type(None) in typing.get_args(hint):
        return _member(typing.get_args(hint)[0], where, real, kind) if kind.coded else types.none
    if hint in (Sizes, Rates):
        return NumbersType(hint, kind)
    if hint is not Any:
        return GroupType(hint, real, kind)
    if isinstance(where, int | float):
        return types.int64 if isinstance(where, int) else types.float64
    dtypes = {"real": real, "double": types.float64, "integer": types.int64}
    if isinstance(where, EveryLane):
        return ViewType(dtypes[where.flat], 2)
    field = FIELDS[getattr(AT, where)]
    return ViewType(dtypes[field.flat], len(field.shape))


def _layout(manager: Any, group: GroupType) -> ir.Type:
    """Return how a group lies in memory; a field that is None takes no room."""
    inner = [
        _layout(manager, member) if isinstance(member, GroupType) else manager[member].get_data_type()
        for member in group.members.values()
    ]
    return ir.LiteralStructType(inner)


@register_model(GroupType)
class GroupModel(models.PrimitiveModel):
    """An address."""

    def __init__(self, manager: Any, group: GroupType) -> None:
        super().__init__(manager, group, _layout(manager, group).as_pointer())


@register_model(NumbersType)
class NumbersModel(models.PrimitiveModel):
    """An address."""

    def __init__(self, manager: Any, numbers: NumbersType) -> None:
        super().__init__(manager, numbers, manager[numbers.dtype].get_data_type().as_pointer())


# --- reading ----------------------------------------------------------------------------------------------------------


@infer_getattr
class _Field(AttributeTemplate):
    """group.field"""

    key = GroupType

    def generic_resolve(self, group: Any, name: str) -> Any:
        return group.members.get(name)


@lower_getattr_generic(GroupType)
def _get_field(context, builder, group, place, name):
    address = cgutils.gep_inbounds(builder, place, 0, list(group.members).index(name))
    member = group.members[name]
    if isinstance(member, GroupType):
        return address
    return context.data_model_manager[member].from_data(builder, mark(builder, builder.load(address), TABLE))


@infer_getattr
class _Number(AttributeTemplate):
    """sizes.name"""

    key = NumbersType

    def generic_resolve(self, numbers: Any, name: str) -> Any:
        return numbers.dtype if name in numbers.names else None


@lower_getattr_generic(NumbersType)
def _get_number(context, builder, numbers, place, name):
    address = cgutils.gep_inbounds(builder, place, numbers.names.index(name))
    return mark(builder, builder.load(address), TABLE)


# --- opening ----------------------------------------------------------------------------------------------------------


class _Opening(NamedTuple):
    """The flat arrays' first addresses, by name, and the lane."""

    builder: Any
    flats: dict[str, Any]
    lane: Any

    def word(self, at: int) -> Any:
        """Read a word of the table."""
        address = cgutils.gep_inbounds(self.builder, self.flats["integer"], at)
        return mark(self.builder, self.builder.load(address), TABLE)

    def write(self, value: Any, *place: Any) -> None:
        """Write a word of a group."""
        mark(self.builder, self.builder.store(value, cgutils.gep_inbounds(self.builder, *place)), TABLE)

    def fill(self, place: Any, group: GroupType, declared: Any) -> None:
        """Write all that a group holds; declared: what its fields are, by name."""
        for index, (name, member) in enumerate(group.members.items()):
            where = declared.get(name, name)
            if isinstance(member, GroupType):
                inner = cgutils.gep_inbounds(self.builder, place, 0, index)
                self.fill(inner, member, {**vars(member.group), **(where if isinstance(where, dict) else {})})
            elif isinstance(member, NumbersType):
                self.write(self.numbers(member), place, 0, index)
            elif isinstance(member, ViewType):
                self.write_view(where, member, (place, 0, index))
            elif member is not types.none:
                self.write(ir.Constant(WORD if member == types.int64 else ir.DoubleType(), where), place, 0, index)

    def numbers(self, member: NumbersType) -> Any:
        """Where sizes or rates lie."""
        if member.names == Sizes._fields:
            return cgutils.gep_inbounds(self.builder, self.flats["integer"], SIZES_AT)
        return self.builder.gep(self.flats["double"], [self.word(ENTRY * AT.rates)])

    def write_view(self, where: Any, member: ViewType, place: tuple[Any, ...]) -> None:
        """Write one view: its address, and its shape."""
        if isinstance(where, EveryLane):
            at = ENTRY * FIRST_OF_LANE[where.flat]
            flat, start, shape = where.flat, self.word(at), [self.word(LANES_AT), self.word(at + 4)]
        else:
            field, at = FIELDS[getattr(AT, where)], ENTRY * getattr(AT, where)
            flat, start, shape = field.flat, self.word(at), [self.word(at + 1 + axis) for axis in range(member.ndim)]
            if field.lane or field.own or field.tally or field.grouped:  # the distance of what lanes share is 0
                number = self.tally() if field.tally else self.lane
                start = self.builder.add(start, self.builder.mul(number, self.word(at + 4)))
        self.write(self.builder.gep(self.flats[flat], [start]), *place, 0)
        for axis, size in enumerate(shape):
            self.write(size, *place, 1, axis)

    def tally(self) -> Any:
        """The last lane is a spare one, and counts by itself."""
        last = self.builder.sub(self.word(LANES_AT), WORD(1))
        return self.builder.zext(self.builder.icmp_signed("==", self.lane, last), WORD)


def _open(context: Any, builder: Any, signature: Any, flats: dict[str, Any], lane: Any) -> Any:
    """Make a group in this kernel's frame."""
    group = signature.return_type
    place = cgutils.alloca_once(builder, _layout(context.data_model_manager, group))
    _Opening(builder, flats, lane).fill(place, group, vars(group.group))
    return place


def _first(context: Any, builder: Any, signature: Any, arguments: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Addresses of the flat arrays, which are the first arguments."""
    zero = [WORD(0)]
    return {
        name: address_of(context, builder, signature.args[place], arguments[place], zero)
        for place, name in enumerate(names)
    }


def opener(group: type[Group]) -> Any:
    """Make ``open_group(double, integer, lane)``, for a group that holds nothing of the network."""

    @intrinsic
    def open_group(typing_context, double, integer, lane):
        def generate(context, builder, signature, arguments):
            flats = _first(context, builder, signature, arguments, ("double", "integer"))
            return _open(context, builder, signature, flats, arguments[2])

        return GroupType(group, None, Kind())(double, integer, types.int64), generate

    return open_group


def network_opener(group: type[Group]) -> Any:
    """Make ``open_group(real, double, integer, kind, lane)``."""

    @intrinsic
    def open_group(typing_context, real, double, integer, kind, lane):
        def generate(context, builder, signature, arguments):
            flats = _first(context, builder, signature, arguments, ("real", "double", "integer"))
            return _open(context, builder, signature, flats, arguments[4])

        return GroupType(group, real.dtype, kind.kind)(real, double, integer, kind, types.int64), generate

    return open_group
