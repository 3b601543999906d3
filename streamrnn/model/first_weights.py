"""The weights before the first row."""

from __future__ import annotations

import math

import numpy as np

from ..kernels.arrays.state import State
from ..schema import network_features
from ..settings import Settings
from .blocks import CELL_MODULES, input_size, parameter_views

FORGET_BIAS = 1.0  # Gers et al. 2000; Jozefowicz et al. 2015


def write_first_weights(state: State, settings: Settings) -> None:
    """Draw the first weights.

    Recurrent matrices are orthogonal, gate by gate (Saxe et al. 2014); input matrices uniform with the variance 1 /
    fan-in (LeCun et al. 1998), embeddings normal, as PyTorch's. The head is zero where forecasts start from the last
    value, so that an untrained network *is* the last-value forecast, and so are those of categories: all that are
    known are equally probable. The forget gate starts open, or as `expected_lag` asks (Tallec & Ollivier
    2018).
    """
    random = np.random.default_rng(settings.seed)
    hidden = settings.hidden
    for name, view in parameter_views(state, settings).items():
        if name.startswith("weight_hh"):
            for gate in range(view.shape[0] // hidden):
                view[gate * hidden : (gate + 1) * hidden] = _orthogonal(random, hidden)
        elif name.startswith("weight_ih"):
            fan_in = input_size(settings) - len(network_features(settings)) if name == "weight_ih_l0" else hidden
            view[:] = _uniform(random, view.shape, fan_in)
        elif name == "head.weight" and not settings.uses_skip:
            view[:] = _uniform(random, view.shape, view.shape[1])
        elif name.startswith("embedding"):
            view[:] = random.standard_normal(view.shape)
        elif name.startswith("gain"):
            view[:] = 1.0
        elif name.startswith("bias_ih"):
            _open_gates(random, view, settings)


def _orthogonal(random: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(random.standard_normal((size, size)))
    turned: np.ndarray = q * np.sign(np.diag(r))  # uniform over the orthogonal matrices (Mezzadri 2007)
    return turned


def _uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    bound = math.sqrt(3.0 / max(1, fan_in))
    return random.uniform(-bound, bound, shape)


def _open_gates(random: np.random.Generator, bias: np.ndarray, settings: Settings) -> None:
    """Bias of the gate that keeps the state: the LSTM's f, the GRU's z."""
    if settings.cell == "elman":
        return
    gate: int = CELL_MODULES[settings.cell].KEEPS
    keep = bias[gate * settings.hidden : (gate + 1) * settings.hidden]
    if settings.expected_lag is None:
        keep[:] = FORGET_BIAS
        return
    keep[:] = np.log(random.uniform(1.0, max(2.0, settings.expected_lag - 1.0), settings.hidden))
    if settings.cell == "lstm":
        bias[: settings.hidden] = -keep
