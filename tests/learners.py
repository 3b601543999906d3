"""Learners in double precision, the reference beside them, and streams to feed both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow
from reference import CategoryReference, ReferenceLearner

from streamrnn import Learner, Record
from streamrnn.kernels.arrays.state import named_view
from streamrnn.kernels.machine.jit import uncached_entry
from streamrnn.model.roles import TOLERANCE
from streamrnn.schema import (
    categorical_columns,
    categorical_features,
    categorical_targets,
    numeric_columns,
    numeric_targets,
)

COLUMNS = ("a", "b", "c")
PYTORCHS_CELLS = [("elman", "tanh"), ("elman", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
CELLS = [*PYTORCHS_CELLS, ("coupled-lstm", "tanh")]


class DoubleLearner(Learner):
    """The network alone, unless experts are asked for, in float64 and with an exact tanh."""

    dtype = np.float64

    def __init__(self, *roles: Any, experts: bool = False, **settings: Any) -> None:
        super().__init__(*roles, experts=experts, **settings)


def randomised(learner: Learner, seed: int = 1, size: float = 0.4) -> Learner:
    """Give every parameter a random value: a zero head would hide every gradient below it."""
    random = np.random.default_rng(seed)
    for view in learner.parameters.values():
        view[...] = random.standard_normal(view.shape) * size
    return learner


def with_fixed_scales(learner: Learner) -> Learner:
    """Give columns the mean 0 and the deviation 1, outputs the scale 1, all seen so often that no row moves them."""
    often = 10**15
    for name in ("seen", "m2", "change_seen", "change_sum2"):
        named_view(learner._state, name)[...] = often
    return learner


def reference_of(learner: Learner, **options: Any) -> ReferenceLearner:
    """A reference learner with the same settings and weights."""
    settings = learner.settings
    numbers, coded = numeric_columns(settings), categorical_columns(settings)
    weights = dict(zip(settings.targets, settings.target_weights, strict=False))
    names = (
        "cell", "nonlinearity", "norm", "head", "layers", "window", "stride", "loss", "huber_delta", "quantiles",
        "optimizer", "momentum", "alpha", "beta1", "beta2", "eps", "weight_decay", "schedule", "warmup",
        "guard", "season_lags",
    )  # fmt: skip
    kind: Any = ReferenceLearner
    if coded:
        kind = CategoryReference
        options |= {
            "tables": [f"embedding.{name}" for name in categorical_features(settings)],
            "heads": [
                [f"classifier.{name}_h{horizon}" for name in categorical_targets(settings)]
                for horizon in settings.horizons
            ],
            "coded_targets": [coded.index(name) for name in categorical_targets(settings)],
            "coded": len(coded),
            "order": settings.count_order,
            "focal": settings.focal,
            "balanced": settings.class_weights == "balanced",
            "named": _named_weights(learner),
            "temperature": settings.temperature,
        }
    made: ReferenceLearner = kind(
        parameters={name: view.astype(np.float64) for name, view in learner.parameters.items()},
        features=[numbers.index(name) for name in settings.features if name in numbers],
        targets=[numbers.index(name) for name in numeric_targets(settings)],
        columns=len(numbers),
        target_weights=tuple(
            weights.get(name, 1.0) for name in (*numeric_targets(settings), *categorical_targets(settings))
        ),
        horizons=settings.horizons,
        lr=settings.learning_rate,
        paced=settings.is_paced,
        clip=settings.gradient_clip,
        horizon_unit=settings.horizon_unit,
        max_delay=settings.delay,
        season=None if settings.season == "auto" else int(settings.season),
        skip=settings.uses_skip,
        shrink=settings.shrinks,
        tolerance=math.inf if settings.learns_on_anomaly else TOLERANCE,
        **{name: getattr(settings, name) for name in names},
        **options,
    )
    return made


def _named_weights(learner):
    """How much a label counts of which the setting names the weight: by target and code, 1 for the largest."""
    if isinstance(learner.settings.class_weights, str):
        return None
    named = dict(learner.settings.class_weights)
    vocabularies = [learner._intake.vocabularies[name] for name in categorical_targets(learner.settings)]
    return lambda t, code: named.get(vocabularies[t].category(code), 1.0) / max(1.0, *named.values())


def stream(rows: int, columns: int = 3, seed: int = 0, nulls: float = 0.0) -> np.ndarray:
    """A stream with structure: noisy waves around a walk, some cells null."""
    random = np.random.default_rng(seed)
    time = np.arange(rows)[:, None]
    waves = np.sin(time / (3.0 + np.arange(columns))) + 0.3 * random.standard_normal((rows, columns))
    values = waves + 0.1 * np.cumsum(random.standard_normal((rows, columns)), axis=0)
    values[random.random(values.shape) < nulls] = np.nan
    return values


def mappings(learner: Learner, values: np.ndarray, sequences: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows as `Learner.step` takes them; ``sequences`` fill the column that the learner's settings name."""
    rows: list[dict[str, Any]] = [dict(zip(learner.columns, row, strict=True)) for row in values.tolist()]
    for row, sequence in zip(rows, sequences, strict=bool(sequences)):
        row[str(learner.settings.sequence)] = sequence
    return rows


# --- beside the reference ---------------------------------------------------------------------------------------------


def run_beside_reference(
    learner: Learner,
    values: np.ndarray,
    sequences: Sequence[Any] = (),
    learn: Sequence[bool] = (),
    tolerance: float = 1e-9,
) -> ReferenceLearner:
    """Feed both the same rows; every record, and in the end all that they know, must agree."""
    reference = reference_of(learner)
    for number, row in enumerate(mappings(learner, values, sequences)):
        boundary = bool(sequences) and number > 0 and sequences[number] != sequences[number - 1]
        learning = not learn or learn[number]
        unit = units_of(reference)
        record = learner.step(row, learn=learning)
        expected = reference.step(values[number], learn=learning, boundary=boundary)
        check_record(record, expected, tolerance, np.maximum(unit, units_of(reference)), f"row {number}")
    check_knowledge(learner, reference, tolerance)
    return reference


def units_of(reference: ReferenceLearner) -> np.ndarray:
    """The scale of each target's outputs: (horizons, targets)."""
    return np.array([[scale.value for scale in horizon] for horizon in reference.scales])


def check_record(record: Record, expected: Any, tolerance: float, unit: np.ndarray, where: str) -> None:
    check_close(record.loss, expected.loss, tolerance, 1.0, where)
    check_close(list(record.expected.values()), expected.expected, tolerance, unit[0], where)
    forecast = np.stack([(record.quantiles or record.forecast)[target] for target in record.values], axis=1)
    levels = expected.forecast.shape[2]
    check_close(forecast.reshape(expected.forecast.shape), expected.forecast, tolerance, unit[:, :, None], where)
    assert forecast.ndim == (3 if levels > 1 else 2)
    assert set(record.event.split(",") if record.event else ()) == expected.event, where


def check_close(ours: Any, theirs: Any, tolerance: float, unit: Any, where: str) -> None:
    """Off by no more than the tolerance, of the number itself or of its unit."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=where)
    with np.errstate(invalid="ignore"):  # infinity less itself
        off = (np.abs(ours - theirs) > tolerance * (np.abs(theirs) + unit)) & (ours != theirs)
    assert not off.any(), f"{where}: {ours} is not {theirs}"


def check_knowledge(learner: Learner, reference: ReferenceLearner, tolerance: float) -> None:
    """Weights, statistics, scales, counts and errors."""
    for name, view in learner.parameters.items():
        check_close(view, reference.parameters[name], tolerance, 1.0, name)
    deviation = np.array([column.deviation for column in reference.columns])
    for name, attribute, unit in (
        ("mean", "mean", deviation), ("m2", "m2", 0), ("seen", "n", 0), ("held", "held", 0), ("settled", "settled", 0)
    ):  # fmt: skip
        known = [float(getattr(column, attribute)) for column in reference.columns]
        check_close(named_view(learner._state, name), known, tolerance, unit, name)
    scales = [scale for horizon in reference.scales for scale in horizon]  # (pairs,)
    sum2 = named_view(learner._state, "change_sum2").T.ravel()
    check_close(sum2, [scale.sum2 for scale in scales], tolerance, 0, "sums of squared changes")
    agreement = [(scale.agreed, scale.proposed) for scale in scales]
    check_close(named_view(learner._state, "agreement"), agreement, tolerance, 1.0, "agreement")
    metrics = learner.metrics
    counts = {kind: sum(getattr(metrics, kind).values()) for kind in ("nulls", "invalid", "far")}
    counts |= {"updates": metrics.updates, "skipped": metrics.skipped_updates, "diverged": metrics.diverged}
    assert counts == reference.counts
    errors = {name: sums.ravel() for name, sums in reference.metrics.items()}  # (targets x horizons,)
    for place, score in enumerate(metrics.scores):
        assert score.count == errors["count"][place]
        if score.count:
            means = np.array([score.mae, score.rmse**2, score.last_value_mae, score.last_value_rmse**2])
            sums = [errors[name][place] for name in ("absolute", "squared", "last_absolute", "last_squared")]
            check_close(means * score.count, sums, tolerance, 0, "errors")


def check_gradient(learner: Learner, reference: ReferenceLearner) -> None:
    """The last gradient is the reference's, and the slope of the reference's loss."""
    assert reference.gradient is not None
    for name, gradient in learner.gradient.items():
        np.testing.assert_allclose(gradient, reference.gradient[name], rtol=1e-9, atol=1e-12, err_msg=name)
    assert finite_difference_error(learner.gradient, reference) < 1e-6


def finite_difference_error(gradient: dict[str, np.ndarray], reference: ReferenceLearner) -> float:
    """Relative error of the slope along a random direction."""
    random = np.random.default_rng(len(reference.steps))
    direction = {name: random.standard_normal(value.shape) for name, value in reference.parameters.items()}
    step = 1e-5

    def loss(sign: int) -> float:
        moved = {name: value + sign * step * direction[name] for name, value in reference.parameters.items()}
        return reference.frozen_sweep_loss(moved)

    slope = (loss(1) - loss(-1)) / (2 * step)
    ours = sum(float(np.sum(gradient[name] * direction[name])) for name in direction)
    size = np.sqrt(sum(float(np.sum(value**2)) for value in gradient.values()))
    return float(abs(slope - ours) / size)


# --- what a learner has learned ---------------------------------------------------------------------------------------

LEARNED = ("weights", "moment1", "moment2", "updates")
STATISTICS = ("mean", "m2", "seen", "first", "far", "far_run", "last_step", "change_sum2", "change_seen", "agreement")


def copies(learner: Learner, names: Sequence[str] = (*LEARNED, *STATISTICS)) -> dict[str, np.ndarray]:
    """Copies of some of its arrays: by default of all that learning changes."""
    return {name: named_view(learner._state, name).copy() for name in names}


def assert_unchanged(before: dict[str, np.ndarray], learner: Learner) -> None:
    """Not a bit of what was copied has changed since."""
    for name, array in before.items():
        np.testing.assert_array_equal(named_view(learner._state, name), array, err_msg=name)


def check_finite(learner: Learner) -> None:
    """Weights, moments and statistics are finite, and so is every mean error of a forecast that was graded."""
    for name, array in copies(learner).items():
        assert np.isfinite(array).all(), name
    for score in learner.metrics.scores:
        if score.count:
            assert np.isfinite([score.mae, score.rmse, score.last_value_mae, score.last_value_rmse]).all()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile an entry of a test's own, through which Python can call kernels; it is kept nowhere."""
    return uncached_entry(function)


def table_of_keys(rows: int, keys: int = 7, seed: int = 0) -> pyarrow.Table:
    """Interleaved streams; the first key is null, and sequences end at other rows than keys change."""
    random = np.random.default_rng(seed)
    which = random.integers(keys, size=rows)
    a, b = stream(rows, columns=2, seed=seed, nulls=0.05).T
    return pyarrow.table(
        {
            "k": pyarrow.array([None if key == 0 else f"pump {key}" for key in which]),
            "a": a,
            "b": b,
            "s": np.arange(rows) // 37,
            "t": pyarrow.array(np.arange(rows) * 60_000_000_000, pyarrow.timestamp("ns")),
        }
    )


def taken_three_ways(new: Callable[[], Any], table: pyarrow.Table, longest: int = 60) -> tuple[Any, Any]:
    """Assert that rows in one call, one by one, and in pieces with saving between give the same bits.

    Return the learner that took all at once, and the one that was saved between.
    """
    whole, single, cut = new(), new(), new()
    records = whole.run(table)
    assert [single.step(row).to_dict() for row in table.to_pylist()] == records.to_pylist()
    pieces, start = [], 0
    for count in np.random.default_rng(1).integers(1, longest, 40).tolist():
        pieces.append(cut.run(table.slice(start, count)))
        cut, start = type(cut).from_bytes(cut.to_bytes()), start + count
    assert pyarrow.concat_tables(pieces).combine_chunks().equals(records.combine_chunks())
    assert whole.to_bytes() == single.to_bytes() == cut.to_bytes()
    return whole, cut
