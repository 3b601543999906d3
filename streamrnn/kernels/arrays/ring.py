"""Places in the ring of kept steps: step n lies in slot n % slots."""

from __future__ import annotations

from ..machine.jit import kernel

PAST = -2


@kernel
def slot_before(slot, slots):
    """Return the slot of the step before."""
    return slot - 1 if slot > 0 else slots - 1


@kernel
def slot_after(slot, slots):
    """Return the slot of the step after."""
    return slot + 1 if slot + 1 < slots else 0


@kernel
def horizon_reached(model, waited):
    """Return the index of the horizon that a forecast has reached after so long; -1 if none, PAST if all are past."""
    if waited > model.sizes.horizon:
        return PAST
    return model.roles.horizon_index[waited] if waited >= 0 else -1
