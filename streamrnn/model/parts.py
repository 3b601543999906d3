"""The parts of a learner: flat arrays that belong together, for what comes after its networks, and for each network.

A learner of one network is one part, which holds all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels.arrays.sizes import Sizes
from ..kernels.arrays.state import State, allocate, lanes_view, named_view, nbytes
from ..kernels.columns.scaling import UNPROVEN
from ..settings import Settings
from .answers import answers_of
from .blocks import Block, blocks_of, parameter_views
from .members import copies_of, members_of
from .mixture import NONE, bound_sizes, expert_sizes, handed_sizes, score_sizes, write_season, write_wanted
from .roles import write_network_roles, write_rates, write_roles, write_scales_of_cycles, write_sharpness
from .sizes import lanes_of, sizes_of

ROWS_AT_ONCE = 64  # that go through all networks, one after the other


class Part(NamedTuple):
    """One set of flat arrays.

    Attributes
    ----------
    prefix : str
        What stands before the names of its arrays.
    settings : Settings
        Of a learner that is this part alone.
    sizes : Sizes
    blocks : list of Block
        Its weights; none if it holds no network.
    leads : bool
        Whether it is a network that the learner's figures are about.
    """

    prefix: str
    settings: Settings
    sizes: Sizes
    blocks: list[Block]
    leads: bool


def parts_of(settings: Settings, lanes: int) -> list[Part]:
    """The parts of a learner with so many lanes; the first one also holds what comes after the networks."""
    members = members_of(settings)
    if not members:
        return [Part("", settings, sizes_of(settings, lanes), blocks_of(settings), True)]
    networks = [
        Part(f"{member.name}.", member.settings, sizes_of(member.settings, lanes)._replace(**NONE),
             blocks_of(member.settings), member.leads)
        for member in members
    ]  # fmt: skip
    return [Part("", settings, _sizes_after_networks(settings, lanes), [], False), *networks]


def _sizes_after_networks(settings: Settings, lanes: int) -> Sizes:
    """Sizes of what reads the answers of several networks; it has none itself."""
    members = members_of(settings)
    sizes = dict.fromkeys(Sizes._fields, 0) | {
        "targets": len(settings.targets),
        "quantiles": 1,
        "horizon": settings.horizons[-1],
        "horizon_count": settings.horizons[-1] + 1,
        "by_value": int(settings.horizon_unit == "values"),
        "lanes": lanes + 1,
        "networks": len(members),
        "told_rows": ROWS_AT_ONCE,
        "told_width": answers_of(members[0].settings).width,
        "told_copies": len(copies_of(settings)),
        **expert_sizes(settings),
        **handed_sizes(settings),
        **bound_sizes(settings),
        **score_sizes(settings),
    }
    return Sizes(**sizes)


class Arrays(NamedTuple):
    """All arrays of a learner.

    Attributes
    ----------
    parts : list of Part
    states : list of State
        Of each part.
    """

    parts: list[Part]
    states: list[State]

    @property
    def whole(self) -> State:
        """The part that holds what comes after the networks; of a learner of one network, all of it."""
        return self.states[0]

    @property
    def networks(self) -> list[tuple[Part, State]]:
        """Every part that holds a network."""
        return [(part, state) for part, state in zip(self.parts, self.states, strict=True) if part.blocks]

    @property
    def leading(self) -> list[State]:
        """Those that the learner's figures are about; together they forecast each target once, in their order."""
        return [state for part, state in self.networks if part.leads]


def memory_of(settings: Settings, dtype: Any) -> int:
    """Bytes of all arrays of a learner, known before any is made."""
    return sum(nbytes(part.sizes, dtype) for part in parts_of(settings, lanes_of(settings)))


def new_arrays(settings: Settings, lanes: int, dtype: Any) -> Arrays:
    """Make the arrays of a learner before its first row; weights are still 0."""
    parts = parts_of(settings, lanes)
    return Arrays(parts, [_new_state(part, lanes, dtype) for part in parts])


def _new_state(part: Part, lanes: int, dtype: Any) -> State:
    state, settings = allocate(part.sizes, dtype), part.settings
    write_roles(state, settings)
    write_rates(state, settings)
    write_season(state, settings, lanes)
    write_wanted(state, settings, lanes)
    if part.sizes.networks:
        named_view(state, "told_copies")[:] = copies_of(settings)
        named_view(state, "told_leads")[:] = [member.leads for member in members_of(settings)]
    if part.blocks:
        write_network_roles(state, settings)
        write_scales_of_cycles(state, settings, lanes)
        write_sharpness(state, settings)
        named_view(state, "known")[:] = 1  # the reserved code
        named_view(state, "importance")[:] = 1.0
        named_view(state, "pool_agreement")[..., 1] = UNPROVEN
        lanes_view(state, "held", lanes + 1)[:] = np.nan
        lanes_view(state, "settled", lanes + 1)[:] = 1
        lanes_view(state, "class_weights", lanes + 1)[:] = 0.5
    return state


def parameters_of(arrays: Arrays, name: str = "weights") -> dict[str, np.ndarray]:
    """View the weights, the gradient or moments of all networks, under PyTorch's names."""
    return {
        f"{part.prefix}{block}": view
        for part, state in arrays.networks
        for block, view in parameter_views(state, part.settings, name).items()
    }
