"""What is decided of a learner when its kernels are compiled: each kind has entries of its own.

>>> kind = Kind(cell=GRU)  # or another value of a frozen dataclass; a constant of an entry
>>> model = open_model(real, double, integer, kind, 0)  # from here on ``model.sizes.cell == LSTM`` is never compiled
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba import types
from numba.core.imputils import lower_constant
from numba.extending import models, register_model, typeof_impl

ANY = -1  # cell
USUAL = {
    "norm": 0,
    "read_width": 0,
    "rule": 2,
    "drift": 0.0,
}  # no norm, heads at the top layer, Adam, no drift detector


@dataclass(frozen=True)
class Kind:
    """A kind of learner.

    Parameters
    ----------
    cell : int
        That of its network, where all else is `USUAL`; `ANY`: the kernels look at sizes and rates for everything.
    coded, keyed, batched, seasonal : bool
        Whether there are categories, and keys, whether these learn in batches, and whether the network sees its targets
        as they were a season ago.
    """

    cell: int = ANY
    coded: bool = False
    keyed: bool = False
    batched: bool = False
    seasonal: bool = False

    def __str__(self) -> str:
        """A name for files and symbols."""
        also = (name for name in ("coded", "keyed", "batched", "seasonal") if getattr(self, name))
        return ".".join(["any" if self.cell == ANY else f"cell{self.cell}", *also])

    @property
    def fixed(self) -> dict[str, float]:
        """What is known of `Sizes` and `Rates`, by name."""
        return {} if self.cell == ANY else {"cell": self.cell, **USUAL}


class KindType(types.Opaque):
    """Numba's type of a kind: it has no value but itself."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__(name=str(kind))


register_model(KindType)(models.OpaqueModel)


@typeof_impl.register(Kind)
def _type_of_kind(kind: Kind, context: Any) -> KindType:
    return KindType(kind)


@lower_constant(KindType)
def _no_value(context: Any, builder: Any, kind: KindType, value: Kind) -> Any:
    return context.get_dummy_value()
