"""Losses and their slopes, learning-rate schedules, and the four optimizers, in PyTorch's equations.

R. Koenker, G. Bassett (1978), Regression quantiles (quantile). P. J. Huber (1964), Robust estimation of a location
parameter (huber). D. P. Kingma, J. Ba (2015), Adam. I. Loshchilov, F. Hutter (2019), Decoupled weight decay (adamw).
T. Tieleman, G. Hinton (2012), Lecture 6.5 (rmsprop). R. Pascanu et al. (2013), On the difficulty of training
recurrent neural networks (clip).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .cells import Parameters

SAFE_RATE, SLOWEST_RATE = 1e-3, 1e-9


@dataclass(frozen=True)
class Loss:
    """One output against its label, both in scaled units; `quantile` is used by the quantile loss alone."""

    kind: str
    huber_delta: float = 1.0

    def value(self, output: float, label: float, quantile: float) -> float:
        error = output - label
        if self.kind == "squared":
            return error * error
        if self.kind == "absolute":
            return abs(error)
        if self.kind == "huber":
            if abs(error) <= self.huber_delta:
                return 0.5 * error * error
            return self.huber_delta * (abs(error) - 0.5 * self.huber_delta)
        return max(quantile * (label - output), (quantile - 1.0) * (label - output))

    def slope(self, output: float, label: float, quantile: float) -> float:
        """The derivative of `value` by the output."""
        error = output - label
        if self.kind == "squared":
            return 2.0 * error
        if self.kind == "absolute":
            return float(np.sign(error))
        if self.kind == "huber":
            return error if abs(error) <= self.huber_delta else self.huber_delta * float(np.sign(error))
        if label == output:
            return 0.0
        return -quantile if label > output else 1.0 - quantile


@dataclass
class Optimizer:
    """Clip by the global norm, then one rule for every parameter; updates are counted from 1.

    An update of several rows goes as far as so many updates would. For SGD that is a sum of steps (P. Goyal et al.
    2017); where a rule divides by the noise, which a mean has less of, it is its root (S. Malladi et al. 2022). What
    decays, decays by so many rows.
    """

    kind: str
    lr: float
    momentum: float = 0.9
    alpha: float = 0.99
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.01
    clip: float = 1.0
    schedule: str = "constant"
    warmup: int = 0
    cap: float = math.inf  # what the guard lets the rate be
    updates: int = 0
    learned: int = 0  # rows in the moments
    skipped_in_a_row: int = 0
    first_moment: Parameters = field(default_factory=dict)
    second_moment: Parameters = field(default_factory=dict)

    def update(self, parameters: Parameters, gradient: Parameters, rows: int = 1, pace: float = 1.0) -> bool:
        """Move the parameters in place; a gradient whose norm is not finite changes nothing, and False is returned.

        gradient: the mean of those of so many rows; pace: how many times the rate it goes
        """
        norm = math.sqrt(sum(float(np.sum(d_value**2)) for d_value in gradient.values()))
        if not math.isfinite(norm):
            self.skipped_in_a_row += 1
            return False
        self.skipped_in_a_row = 0
        factor = min(1.0, self.clip / (norm + 1e-6)) if self.clip > 0 else 1.0
        self.updates += 1
        self.learned += rows
        for name, value in parameters.items():
            self.move(name, value, gradient[name] * factor, rows, pace * self.rate(self.updates))
        return True

    def recover(self) -> None:
        if self.cap < math.inf:
            self.cap = min(1.1 * self.cap, SAFE_RATE)

    def rate(self, updates: int) -> float:
        """Of one update, counted from 1."""
        warm = min(1.0, updates / self.warmup) if self.warmup > 0 else 1.0
        flat = max(self.warmup, 1)
        decay = 1.0 if self.schedule == "constant" else math.sqrt(flat / max(updates, flat))
        return min(self.lr * warm * decay, self.cap)

    def begin_anew(self) -> None:
        """With empty moments, and half the rate or less."""
        self.cap = max(min(0.5 * self.rate(max(self.updates, 1)), SAFE_RATE), SLOWEST_RATE)
        self.first_moment, self.second_moment = {}, {}
        self.learned = 0
        self.skipped_in_a_row = 0

    def move(self, name: str, value: np.ndarray, d_value: np.ndarray, rows: int, rate: float) -> None:
        m = self.first_moment.get(name, np.zeros_like(value))
        v = self.second_moment.get(name, np.zeros_like(value))
        if self.kind == "sgd":
            m = self.momentum**rows * m + d_value
            value -= rows * rate * m
        elif self.kind == "rmsprop":
            alpha = self.alpha**rows
            v = alpha * v + (1.0 - alpha) * d_value * d_value
            value -= math.sqrt(rows) * rate * d_value / (np.sqrt(v) + self.eps)
        else:
            if self.kind == "adamw":
                value -= min(1.0, rows * rate * self.weight_decay) * value
            beta1, beta2 = self.beta1**rows, self.beta2**rows
            m = beta1 * m + (1.0 - beta1) * d_value
            v = beta2 * v + (1.0 - beta2) * d_value * d_value
            m_unbiased = m / (1.0 - self.beta1**self.learned)
            v_unbiased = v / (1.0 - self.beta2**self.learned)
            value -= math.sqrt(rows) * rate * m_unbiased / (np.sqrt(v_unbiased) + self.eps)
        self.first_moment[name] = m
        self.second_moment[name] = v
