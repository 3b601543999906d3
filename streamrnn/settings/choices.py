"""What settings may be: their choices and their ranges."""

from __future__ import annotations

CELLS = ("elman", "gru", "lstm", "coupled-lstm")
NORMS = ("none", "layer", "rms")
HEADS = ("top", "all")
NONLINEARITIES = ("tanh", "relu")
LOSSES = ("squared", "absolute", "huber", "quantile")
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "inverse-sqrt")
CLASS_WEIGHTS = ("none", "balanced")  # or by name
SEQUENCE_FORECASTS = ("last", "mean")
HORIZON_UNITS = ("rows", "values")
DRIFT = ("off", "rate")
CHANNELS = ("joint", "independent")
WEIGHTS = ("shared", "per-key")
COLUMN_ROLES = ("time", "key", "sequence", "label_id")  # each of one column, which is neither feature nor target
EXPERTS = ("last", "seasonal", "linear", "joint", "readout", "network")  # of the mix

QUANTILES = (0.05, 0.5, 0.95)
MAX_HORIZON = 10_000
MAX_SIZE = 1 << 20
MAX_SEASON = 100_000

INTEGER_RANGES = {
    "hidden": (1, 8192),
    "layers": (1, 64),
    "max_categories": (1, 100_000),
    "max_keys": (1, 1_000_000),
    "embedding": (1, 1024),
    "top": (1, 100),
    "count_order": (0, 16),
    "count_contexts": (4, 1 << 24),
    "window": (1, MAX_SIZE),
    "stride": (1, MAX_SIZE),
    "batch_keys": (1, 1_000_000),
    "max_delay": (0, MAX_SIZE),
    "expected_lag": (2, MAX_SIZE),
    "seed": (0, 2**63 - 1),
    "warmup": (0, 2**62),
}
NUMBER_RANGES: dict[str, tuple[float, float]] = {
    "huber_delta": (1e-12, 1e12),
    "lr": (0.0, 1e6),
    "clip": (0.0, 1e30),
    "momentum": (0.0, 1.0),
    "alpha": (0.0, 1.0),
    "beta1": (0.0, 0.999999),
    "beta2": (0.0, 0.99999999),
    "eps": (1e-30, 1.0),
    "weight_decay": (0.0, 1e6),
    "alert": (0.9, 1.0),
    "focal": (0.0, 10.0),
}


TRUTH_VALUES = (
    "evict_categories",
    "time_features",
    "season_lags",
    "skip",
    "shrink",
    "guard",
    "learn_on_anomaly",
    "experts",
    "mix_network",
    "emit_weights",
)
