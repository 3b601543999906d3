"""JAX on the job of `protocol.py`: `python -m benchmarks.peers.jax_peer --cell lstm --hidden 32`.

Every update changes the weights, so the activations of the window belong to weights that are gone: the window is run
forward again for each row, then the gradient comes by `jax.grad`, and the forecast takes one more step of the cell
from the window's last state, with the new weights. The state after the window's first `stride` rows enters the next
window, as a constant. With a stride, the rows between two updates take one step of the cell.

As JAX's documentation advises: one jitted function for the whole of a row, with its buffers donated, and `lax.scan`
over the window. It is timed

- per call: one call a row, which waits for its forecast as a live stream must,
- with the rows in `lax.scan`: one call for 512 rows at once, which only a recorded stream can do,

each with the window's scan unrolled by 1 and by 8. The input's product with its matrix is taken for the whole window at
once. Cells, clipping and Adam are written out in `jax.numpy`, and compiled with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers import protocol
from benchmarks.peers.protocol import FEATURES, Job, Stream

CHUNK = 512  # rows in one call, where the rows are in lax.scan
UNROLLS = (1, 8)
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

Parameters = dict[str, jax.Array]
State = tuple[jax.Array, ...]  # each (hidden,): h, and for the LSTM c
Cell = Callable[[Parameters, jax.Array, State], State]


class Carry(NamedTuple):
    """What goes from one row to the next."""

    parameters: Parameters
    mean: Parameters
    square: Parameters
    steps: jax.Array  # ()
    entering: State  # the state before the window's first row
    newest: State  # that after the last row


def elman(parameters: Parameters, x: jax.Array, state: State) -> State:
    """One step; `x` (hidden,) is the input's part."""
    return (jnp.tanh(x + state[0] @ parameters["recurrent"]),)


def gru(parameters: Parameters, x: jax.Array, state: State) -> State:
    """One step, the reset gate after the product; `x` (3 * hidden,) is the input's part."""
    (h,) = state
    x_reset, x_update, x_new = jnp.split(x, 3)
    h_reset, h_update, h_new = jnp.split(h @ parameters["recurrent"] + parameters["recurrent_bias"], 3)
    reset = jax.nn.sigmoid(x_reset + h_reset)
    update = jax.nn.sigmoid(x_update + h_update)
    return ((1 - update) * jnp.tanh(x_new + reset * h_new) + update * h,)


def lstm(parameters: Parameters, x: jax.Array, state: State) -> State:
    """One step; `x` (4 * hidden,) is the input's part."""
    h, c = state
    enter, forget, new, leave = jnp.split(x + h @ parameters["recurrent"], 4)
    c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(enter) * jnp.tanh(new)
    return jax.nn.sigmoid(leave) * jnp.tanh(c), c


CELLS: dict[str, tuple[Cell, int, int]] = {
    "elman": (elman, 1, 1),
    "gru": (gru, 3, 1),
    "lstm": (lstm, 4, 2),
}  # gates, states


def first_carry(job: Job) -> Carry:
    """Weights drawn as PyTorch draws them, and everything else at zero."""
    _, gates, states = CELLS[job.cell]
    random = np.random.default_rng(job.seed)

    def draw(*shape: int) -> jax.Array:
        return jnp.asarray(random.uniform(-1, 1, shape) / np.sqrt(job.hidden), jnp.float32)

    parameters = {
        "input": draw(FEATURES, gates * job.hidden),
        "recurrent": draw(job.hidden, gates * job.hidden),
        "bias": draw(gates * job.hidden),
        "head": draw(job.hidden),
        "head_bias": draw(),
    }
    if job.cell == "gru":
        parameters["recurrent_bias"] = draw(gates * job.hidden)
    mean, square = jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters)

    def state() -> State:
        return tuple(jnp.zeros(job.hidden) for _ in range(states))

    return Carry(parameters, mean, square, jnp.zeros(()), state(), state())


def adam(job: Job, carry: Carry, gradients: Parameters) -> Carry:
    """Clip to the global norm, then one step of Adam."""
    norm = jnp.sqrt(sum(jnp.vdot(gradient, gradient) for gradient in gradients.values()))
    shrink = jnp.minimum(1.0, job.clip / (norm + 1e-6))
    steps = carry.steps + 1
    rate, correction = job.lr / (1 - BETA1**steps), 1 / jnp.sqrt(1 - BETA2**steps)
    mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * shrink * g, carry.mean, gradients)
    square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * jnp.square(shrink * g), carry.square, gradients)
    parameters = jax.tree.map(
        lambda p, m, v: p - rate * m / (correction * jnp.sqrt(v) + EPSILON), carry.parameters, mean, square
    )
    return carry._replace(parameters=parameters, mean=mean, square=square, steps=steps)


def output(parameters: Parameters, hidden: jax.Array) -> jax.Array:
    """The forecast of one step, or of many."""
    return hidden @ parameters["head"] + parameters["head_bias"]


def make_advance(job: Job) -> Callable[[Carry, jax.Array], tuple[Carry, jax.Array]]:
    """A row without an update: (carry, the new row) -> (carry, forecast)."""
    cell = CELLS[job.cell][0]

    def advance(carry: Carry, row: jax.Array) -> tuple[Carry, jax.Array]:
        parameters = carry.parameters
        newest = cell(parameters, row @ parameters["input"] + parameters["bias"], carry.newest)
        return carry._replace(newest=newest), output(parameters, newest[0])

    return advance


def make_step(job: Job, unroll: int) -> Callable[[Carry, jax.Array], tuple[Carry, jax.Array]]:
    """A row with an update: (carry, the window's rows and the new one) -> (carry, forecast)."""
    cell, advance = CELLS[job.cell][0], make_advance(job)

    def forward(parameters: Parameters, rows: jax.Array, entering: State, targets: jax.Array) -> Any:
        inputs = rows @ parameters["input"] + parameters["bias"]  # (reach, gates * hidden)

        def step(state: State, x: jax.Array) -> tuple[State, jax.Array | None]:
            state = cell(parameters, x, state)
            return state, state[0] if job.stride > 1 else None

        if job.stride == 1:
            first = cell(parameters, inputs[0], entering)
            last, _ = lax.scan(step, first, inputs[1:], unroll=unroll)
            graded = last[0][None]
        else:
            first, begun = lax.scan(step, entering, inputs[: job.stride], unroll=unroll)
            last, rest = lax.scan(step, first, inputs[job.stride :], unroll=unroll)
            graded = jnp.concatenate([begun, rest])[-job.stride :]
        return jnp.mean(jnp.square(output(parameters, graded) - targets)), (first, last)

    def update(carry: Carry, rows: jax.Array) -> tuple[Carry, jax.Array]:
        gradient = jax.grad(forward, has_aux=True)
        gradients, (first, last) = gradient(carry.parameters, rows[:-1], carry.entering, rows[-job.stride :, 0])
        return advance(adam(job, carry, gradients)._replace(entering=first, newest=last), rows[-1])

    return update


class PerCall:
    """One jitted call a row."""

    group = "JAX per call"

    def __init__(self, job: Job, unroll: int) -> None:
        self.variant = f"unroll {unroll}"
        self.stream = Stream(job)
        self.rows = self.stream.values.astype(np.float32)  # (rows, features)
        self.values = self.rows[:, 0].tolist()
        self.stride = job.stride
        self.carry = first_carry(job)
        self.step = jax.jit(make_step(job, unroll), donate_argnums=0)
        self.advance = jax.jit(make_advance(job), donate_argnums=0)
        self.forecast = 0.0

    def learn(self, rows: int) -> list[float]:
        """Reveal, learn, predict, for each of the next `rows` rows."""
        newest = self.stream.advance(rows)
        losses = []
        for row in range(newest, newest + rows):
            losses.append((self.forecast - self.values[row]) ** 2)
            if (row - newest + 1) % self.stride:
                self.carry, forecast = self.advance(self.carry, self.rows[row])
            else:
                self.carry, forecast = self.step(self.carry, self.rows[row - self.stream.reach : row + 1])
            self.forecast = float(forecast)  # waits until it is there
        return losses


class RowsInScan:
    """One jitted call for `CHUNK` rows."""

    group = "JAX lax.scan"

    def __init__(self, job: Job, unroll: int) -> None:
        self.variant = f"unroll {unroll}"
        self.stream = Stream(job)
        self.rows = self.stream.values.astype(np.float32)  # (rows, features)
        self.carry = first_carry(job)
        self.forecast = np.zeros(1, np.float32)
        step, advance, reach, between = make_step(job, unroll), make_advance(job), self.stream.reach, job.stride - 1

        def learn_chunk(carry: Carry, rows: jax.Array) -> tuple[Carry, jax.Array]:
            def rows_to_an_update(carry: Carry, first: jax.Array) -> tuple[Carry, jax.Array]:
                made = jnp.zeros(0, jnp.float32)
                if between:
                    carry, made = lax.scan(
                        advance, carry, lax.dynamic_slice_in_dim(rows, reach + first, between), unroll=between
                    )
                carry, last = step(carry, lax.dynamic_slice_in_dim(rows, first + between, reach + 1))
                return carry, jnp.append(made, last)

            carry, made = lax.scan(rows_to_an_update, carry, jnp.arange(0, CHUNK, job.stride))
            return carry, made.ravel()

        self.learn_chunk = jax.jit(learn_chunk, donate_argnums=0)

    def learn(self, rows: int) -> np.ndarray:
        """Reveal, learn, predict, for the next `rows` rows, in whole chunks."""
        losses = []
        for _ in range(-(-rows // CHUNK)):
            newest = self.stream.advance(CHUNK)
            self.carry, made = self.learn_chunk(self.carry, self.rows[newest - self.stream.reach : newest + CHUNK])
            forecasts = np.concatenate([self.forecast, np.asarray(made)])  # (1 + chunk,)
            losses.append(np.square(forecasts[:-1] - self.rows[newest : newest + CHUNK, 0]))
            self.forecast = forecasts[-1:]
        return np.concatenate(losses)


def build(job: Job) -> Sequence[PerCall | RowsInScan]:
    """One learner for each way and each unrolling."""
    return [way(job, unroll) for way in (PerCall, RowsInScan) for unroll in UNROLLS]


def main() -> None:
    """Time JAX and print JSON."""
    protocol.main(__doc__, jax.__version__, build)


if __name__ == "__main__":
    main()
