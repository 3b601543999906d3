"""How figures are written, in tables and on the page; what is not known is a dash."""

from __future__ import annotations

import math


def figure(value: float) -> str:
    """Four digits."""
    return "-" if math.isnan(value) else f"{value:.4g}"


def percent(value: float) -> str:
    """A skill, with its sign."""
    return "-" if math.isnan(value) else f"{value:+.1%}"


def share(value: float) -> str:
    """A share of all."""
    return "-" if math.isnan(value) else f"{value:.1%}"
