"""Which kind of learner these settings ask for: what of the kernels it needs compiled."""

from __future__ import annotations

from ..kernels.arrays.kind import ANY, Kind
from ..settings import CELLS, Settings

SPECIALISED = ("gru", "lstm")  # what most learners have; each cell more is a whole learner more to compile and to check
USUAL = {"norm": "none", "head": "top", "optimizer": "adam", "drift": "off"}  # as in `kernels.arrays.kind`


def kind_of(settings: Settings) -> Kind:
    """What these settings need compiled."""
    is_usual = settings.cell in SPECIALISED and all(getattr(settings, name) == usual for name, usual in USUAL.items())
    return Kind(
        cell=CELLS.index(settings.cell) if is_usual else ANY,
        coded=bool(settings.categorical),
        keyed=settings.key is not None,
        batched=settings.batch_keys > 1,
        seasonal=settings.season_lags,
    )


def late_kind_of(settings: Settings) -> Kind:
    """What their late labels need compiled: the same for all that have such a network."""
    return Kind(kind_of(settings).cell, coded=True)
