"""What the user decides, checked here and nowhere else."""

from __future__ import annotations

from .choices import (
    CELLS,
    EXPERTS,
    HORIZON_UNITS,
    INTEGER_RANGES,
    LOSSES,
    NONLINEARITIES,
    NORMS,
    NUMBER_RANGES,
    OPTIMIZERS,
    SCHEDULES,
)
from .defaults import in_force
from .needs import check_needs_of_categories
from .option import Option, SettingsError
from .settings import Settings, check_option_names, default, options
from .shown import shown
from .values import class_weights_of

__all__ = [
    "CELLS",
    "EXPERTS",
    "HORIZON_UNITS",
    "INTEGER_RANGES",
    "LOSSES",
    "NONLINEARITIES",
    "NORMS",
    "NUMBER_RANGES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Option",
    "Settings",
    "SettingsError",
    "check_needs_of_categories",
    "check_option_names",
    "class_weights_of",
    "default",
    "in_force",
    "options",
    "shown",
]
