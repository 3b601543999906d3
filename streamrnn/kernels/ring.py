"""Places in the ring of kept steps: step n lies in slot n % slots."""

from __future__ import annotations

from .jit import kernel


@kernel
def slot_before(slot, slots):
    """Return the slot of the step before."""
    return slot - 1 if slot > 0 else slots - 1


@kernel
def slot_after(slot, slots):
    """Return the slot of the step after."""
    return slot + 1 if slot + 1 < slots else 0
