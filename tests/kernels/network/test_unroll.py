"""The sweep's gradient is torch's, over a window that holds the whole stream."""

from __future__ import annotations

import numpy as np
import pytest
from learners import PYTORCHS_CELLS, DoubleLearner, randomised, stream, with_fixed_scales

ROWS, HIDDEN = 25, 5


def filled(column: np.ndarray) -> np.ndarray:
    """Nulls take the value held before them; 0 before any."""
    held, values = 0.0, []
    for value in column.tolist():
        held = held if np.isnan(value) else value
        values.append(held)
    return np.array(values)


def torch_gradients(
    learner: DoubleLearner, inputs: np.ndarray, labels: dict[tuple[int, int], float]
) -> dict[str, np.ndarray]:
    """Gradients of the sum of squared errors over all labels, by the number of outputs; labels: by row and output."""
    torch = pytest.importorskip("torch")
    settings = learner.settings
    more = {"nonlinearity": settings.nonlinearity} if settings.cell == "elman" else {}
    kind = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[settings.cell]
    network = kind(inputs.shape[1], settings.hidden, settings.layers, dtype=torch.float64, **more)
    head = torch.nn.Linear(settings.hidden, learner._engine.sizes.outputs, dtype=torch.float64)
    values = {name: torch.tensor(np.ascontiguousarray(view)) for name, view in learner.parameters.items()}
    network.load_state_dict({name: value for name, value in values.items() if not name.startswith("head.")})
    head.load_state_dict({name: values[f"head.{name}"] for name in ("weight", "bias")})
    outputs = head(network(torch.tensor(inputs))[0])
    (sum((outputs[place] - label) ** 2 for place, label in labels.items()) / learner._engine.sizes.outputs).backward()
    gradients = {name: value.grad.numpy() for name, value in network.named_parameters()}
    return gradients | {f"head.{name}": value.grad.numpy() for name, value in head.named_parameters()}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), PYTORCHS_CELLS)
def test_the_gradient_over_a_whole_stream_is_torchs(cell, nonlinearity, layers):
    """All scales are 1, so an input is the value itself, and a label is the change from row s to row s + k."""
    pytest.importorskip("torch")
    learner = DoubleLearner(
        "a", ["a", "b"], cell=cell, nonlinearity=nonlinearity, layers=layers, hidden=HIDDEN, horizon=3, window=ROWS,
        stride=ROWS, optimizer="sgd", lr=0.0, clip=0.0, shrink=False,
    )  # fmt: skip
    with_fixed_scales(randomised(learner, size=0.5))
    values = stream(ROWS, columns=2)
    values[3:20:4, 1] = np.nan
    learner.run(values)
    assert learner.metrics.updates == 1

    a, b = values[:, 0], values[:, 1]
    inputs = np.column_stack([a, filled(b), np.zeros(ROWS), np.isnan(b)])
    labels = {(s, k): a[s + k + 1] - a[s] for s in range(ROWS) for k in range(3) if s + k + 1 < ROWS}
    for name, gradient in torch_gradients(learner, inputs, labels).items():
        np.testing.assert_allclose(learner.gradient[name], gradient, rtol=1e-9, atol=1e-11, err_msg=name)
        assert np.abs(gradient).max() > 1e-3
