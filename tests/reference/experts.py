"""The experts and their mix, from the papers' equations, one target and one horizon after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORGETTING, RIDGE, READOUT_RIDGE, REMINDER, LARGEST = 0.9995, 10.0, 100.0, 4, 10.0
LAGS, OWN, WAVES = 50, 54, 4
LEVEL_MEMORY, SETTLED, STEP = 300, 64, 2.0
SEASONS = 7
SEASON_LAGS, LONGEST, SEASON_MEMORY, DEPTH, AS_GOOD = 256, 170, 0.9995, 0.6, 0.1
MOST, MOVE_MEMORY = 6.0, 0.9995
EVIDENCE_MEMORY, LEAST_MEMORY, CHANCE, LEAST_BLOCKS = 0.99998, 0.99, 6.0, 3.0
LAST, SEASONAL, LINEAR, JOINT, READOUT, NETWORK = range(6)


def clip(number: Any) -> Any:
    return np.clip(number, -LARGEST, LARGEST)


class Regression:
    """Recursive least squares with forgetting and a reminder of the prior; a weight vector for each horizon."""

    def __init__(self, width: int, horizons: int, ridge: float) -> None:
        self.width, self.ridge, self.count = width, ridge, 0
        self.covariance = np.eye(width) / ridge
        self.weights = np.zeros((horizons, width))

    def absorb(self, x: np.ndarray) -> np.ndarray:
        """Take the regressors of a tick; return their gain."""
        self.count += 1
        gain = self.covariance @ x / (FORGETTING + x @ self.covariance @ x)
        self.covariance = (self.covariance - np.outer(gain, x @ self.covariance)) / FORGETTING
        if self.count % REMINDER == 0:
            i = self.count // REMINDER % self.width
            firmness = (1.0 - FORGETTING) * self.ridge * REMINDER * self.width
            column = self.covariance[:, i].copy()
            reminder = column / (1.0 / firmness + column[i])
            self.weights -= np.outer(self.weights[:, i], reminder)
            self.covariance -= np.outer(reminder, column)
        return gain

    def rescale(self, regressors: np.ndarray, truth: float) -> None:
        """The regressors are so many times as large from now on, each; the truth is ``truth`` times so."""
        self.weights *= truth / regressors
        self.covariance /= np.outer(regressors, regressors)


class Season:
    """The valley of a decaying variogram."""

    def __init__(self) -> None:
        self.sums = np.zeros(SEASON_LAGS)
        self.found, self.depth = 0, DEPTH

    def note(self, past: list[float], unit: float) -> None:
        """Take the newest of the values."""
        for s in range(1, min(SEASON_LAGS, len(past))):
            self.sums[s] = SEASON_MEMORY * self.sums[s] + min(((past[-1] - past[-1 - s]) / unit) ** 2, 100.0)

    def look(self, ticks: int) -> None:
        """Find the valleys; the first one counts that is about as deep as the deepest."""
        lags = np.arange(SEASON_LAGS)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.sums / (1.0 - SEASON_MEMORY ** (ticks - lags).astype(float))
        depths = {}
        for s in range(2, min(LONGEST, ticks // 4) + 1):
            shoulders = (means[s // 2] + means[s + (s + 1) // 2]) / 2.0
            if means[s] < means[s - 1] and means[s] <= means[s + 1] and shoulders > 0.0:
                depths[s] = means[s] / shoulders
        self.depth, before = min([DEPTH, *depths.values()]), self.found
        good = [s for s, depth in depths.items() if self.depth < DEPTH and depth <= self.depth + AS_GOOD]
        self.found = min(good, default=0)
        if not self.found and ticks >= 512:
            self.look_for_shallow_valleys(means, min(SEASON_LAGS - 1, ticks // 3), before)
        if self.found and ticks >= 512:
            self.straighten(means, min(SEASON_LAGS - 1, ticks // 3))

    def straighten(self, means: np.ndarray, reach: int) -> None:
        """One lag more or less, where the valleys of its multiples are deeper."""
        if 4 < self.found < int(reach / 3.5):
            near = (self.found, self.found - 1, self.found + 1)
            self.found = min(near, key=lambda s: mean_depth(means, s, reach))

    def look_for_shallow_valleys(self, means: np.ndarray, reach: int, before: int) -> None:
        """A lag whose first multiples, three to five, have valleys too: a mean depth of 0.8, or of 0.9 to be kept."""
        longest = int(reach / 3.5)
        depths = {s: mean_depth(means, s, reach) for s in range(3, longest + 2)}
        best = min(depths[s] for s in range(4, longest + 1))
        if 0 < before <= longest and mean_depth(means, before, reach) < 0.9:
            self.found = before
        elif best < 0.8:
            self.found = next(
                s for s in range(4, longest + 1) if depths[s] <= min(depths[s - 1], depths[s + 1], best + AS_GOOD / 2)
            )
        if self.found:
            self.depth = mean_depth(means, self.found, reach)


def mean_depth(means: np.ndarray, s: int, reach: int) -> float:
    places = np.array([m * s for m in range(1, 6) if m * s + s / 2 <= reach])
    half = math.ceil(s / 2)
    return float(np.mean(2 * means[places] / (means[places - half] + means[places + half])))


class Profile:
    """The mean of the last seasons, place by place; a place's first ``SEASONS`` values count alike."""

    def __init__(self) -> None:
        self.season = 0
        self.means: dict[int, float] = {}
        self.counts: dict[int, int] = {}

    def follow(self, past: list[float], phase: int, season: int, unit: float) -> None:
        """Take the newest value of a past, whose clock stands at a phase; all that is kept of it where it is new."""
        if season != self.season or len(past) == 1:
            self.season, self.means, self.counts = season, {}, {}
        if season == 0 or len(past) < season:
            return
        kept = max(LAGS, SEASON_LAGS, season + 2)
        newest = past[-1:] if self.means else past[-kept:]
        for lag, value in zip(range(len(newest))[::-1], newest, strict=True):
            place = (phase - lag) % season
            self.counts[place] = min(self.counts.get(place, 0) + 1, SEASONS)
            self.means[place] = self.means.get(place, 0.0)
            change = value - self.means[place]
            is_wild = unit > 0.0 and abs(change) > LARGEST * unit
            self.means[place] += change if is_wild else change / self.counts[place]

    def at(self, phase: int) -> float:
        return self.means[phase % self.season]


@dataclass
class Pending:
    """All that waits for the truths of one tick."""

    forecasts: np.ndarray  # (experts, horizons)
    mixed: np.ndarray  # (horizons,)
    proposals: np.ndarray  # (horizons,): of the mix, before it is shrunk
    readouts: np.ndarray  # (horizons,): what the readout would add, in its unit
    unit: float
    bases: np.ndarray  # (horizons,): what the linear regression starts from
    readout_bases: np.ndarray  # (horizons,)
    x: list[np.ndarray] = field(default_factory=list)
    gains: list[np.ndarray] = field(default_factory=list)


class Evidence:
    """For the mix, at one horizon: blocks of products of what was proposed and what came."""

    def __init__(self, horizon: int) -> None:
        self.horizon, self.kept = horizon, max(EVIDENCE_MEMORY**horizon, LEAST_MEMORY)
        self.block: list[float] = []
        self.blocks = np.zeros(0)
        self.shares = np.zeros(0)  # how much of each block is still known

    def add(self, proposed: float, came: float) -> None:
        self.block.append(proposed * came)
        if len(self.block) == self.horizon:
            self.shares = np.append(self.kept * self.shares, 1.0)
            self.blocks, self.block = np.append(self.blocks, sum(self.block)), []

    def rescale(self, squared: float) -> None:
        self.block = [product * squared for product in self.block]
        self.blocks = self.blocks * squared

    def share(self) -> float:
        """How sure it is, by the mean of the blocks and their spread around it."""
        count, total = self.shares.sum(), self.shares @ self.blocks
        if count < LEAST_BLOCKS or total <= 0.0:
            return 0.0
        spread = self.shares @ (self.blocks - total / count) ** 2
        squared = total**2 / (spread * count / (count - 1.0))
        return max(1.0 - (CHANCE / squared) ** 2, 0.0)


class Target:
    """The experts of one target."""

    def __init__(
        self,
        horizons: tuple[int, ...],
        inputs: int,
        units: int,
        season: int | None,
        candidates: int,
        networks: int,
        fallback: int,
    ) -> None:
        self.horizons, self.season, self.candidates, self.fallback = horizons, season or 0, candidates, fallback
        self.experts = NETWORK + networks
        widths = (OWN, OWN + WAVES + 2 * inputs, 1 + units)
        ridges = (RIDGE, RIDGE, READOUT_RIDGE)
        self.regressions = [
            Regression(width, len(horizons), ridge) for width, ridge in zip(widths, ridges, strict=True)
        ]
        self.finder = Season() if season is None else None
        self.profile = Profile()
        self.past: list[float] = []
        self.pending: list[Pending] = []
        self.phase = 0
        self.level, self.unit, self.count = 0.0, 0.0, 0
        self.input_level, self.input_unit, self.input_before = np.zeros((3, inputs))
        self.regret, self.regret2 = np.zeros((2, len(horizons), self.experts))
        self.largest = np.zeros(len(horizons))
        self.moves = np.zeros((len(horizons), 2))
        self.weights = np.zeros((len(horizons), self.experts))
        self.evidence = [Evidence(horizon) for horizon in horizons]
        self.agreement = np.zeros((len(horizons), 2))

    def forget(self, boundary: bool) -> None:
        """The past is another stream's, or another level's."""
        self.past, self.pending = [], []
        if boundary:
            self.phase = 0
        else:
            self.count = 0

    def reveal(self, truth: float, learn: bool) -> float:
        """Grade what was forecast of a value; return the forecast of the shortest horizon."""
        expected = math.nan
        for k, horizon in enumerate(self.horizons):
            if horizon > len(self.pending):
                break
            then = self.pending[-horizon]
            expected = then.mixed[k] if math.isnan(expected) else expected
            if learn and then.unit > 0.0:
                self._learn(k, then, truth)
        return expected

    def _learn(self, k: int, then: Pending, truth: float) -> None:
        last, unit = then.forecasts[LAST, k], then.unit
        self.moves[k] = MOVE_MEMORY * self.moves[k] + (abs(truth - last), 1.0)
        made = then.proposals[k]
        regrets = 2.0 * clip((made - truth) / unit) * clip((made - then.forecasts[:, k]) / unit)
        regrets[self.candidates :] = 0.0
        self.regret[k] += regrets
        self.regret2[k] += regrets**2
        self.largest[k] = max(self.largest[k], np.abs(regrets).max())
        for which, base in ((0, then.bases[k]), (1, last), (2, then.readout_bases[k])):
            weights = self.regressions[which].weights[k]
            weights += then.gains[which] * clip((truth - base) / unit - weights @ then.x[which])
        proposed, left = clip(then.readouts[k]), clip((truth - then.readout_bases[k]) / unit)
        self.agreement[k] = FORGETTING * self.agreement[k] + (proposed * left, proposed**2)
        base = then.forecasts[self.fallback, k]
        self.evidence[k].add(clip((made - base) / unit), clip((truth - base) / unit))

    def tick(self, value: float, told: dict[str, Any], learn: bool) -> None:
        """Take a value into the past."""
        self.past.append(value)
        self.phase += 1
        if self.finder and told["deviation"] > 0.0:
            self.finder.note(self.past, told["deviation"])
        if learn:
            self._follow(value, told)

    def is_time_to_look(self, told: dict[str, Any]) -> bool:
        ticks = len(self.past)
        looks = ticks >= 64 and (ticks % 1024 == 0 or math.log2(ticks).is_integer())
        return self.finder is not None and told["deviation"] > 0.0 and looks

    def _follow(self, value: float, told: dict[str, Any]) -> None:
        self.count += 1
        share = 1.0 / min(self.count, LEVEL_MEMORY)
        self.level += share * (value - self.level)
        known = np.isfinite(told["inputs"])
        self.input_level[known] += share * (told["inputs"] - self.input_level)[known]
        if self.count < SETTLED and self.unit == 0.0:
            return
        linear, joint, readout = self.regressions
        if has_left(self.unit, told["deviation"]):
            if self.unit > 0.0:
                factor = self.unit / told["deviation"]
                for regression in (linear, joint):
                    own = np.ones(regression.width)
                    own[1:OWN] = factor
                    regression.rescale(own, factor)
                readout.rescale(np.ones(readout.width), factor)
                self.regret, self.regret2 = self.regret * factor**2, self.regret2 * factor**4
                self.largest *= factor**2
                self.agreement *= factor**2
                for evidence in self.evidence:
                    evidence.rescale(factor**2)
                for pending in self.pending:
                    pending.unit = 0.0
            self.unit = told["deviation"]
        for i, deviation in enumerate(told["deviations"]):
            if has_left(self.input_unit[i], deviation):
                if self.input_unit[i] > 0.0:
                    factors = np.ones(joint.width)
                    factors[OWN + WAVES + i :: len(self.input_unit)] = self.input_unit[i] / deviation
                    joint.rescale(factors, 1.0)
                    for pending in self.pending:
                        pending.x[1] = pending.x[1] * factors
                        pending.gains[1] = pending.gains[1] / factors
                self.input_unit[i] = deviation

    def forecast(self, told: dict[str, Any], network: np.ndarray, ticks: bool, learn: bool) -> np.ndarray:
        """Forecast every horizon; at a tick all forecasts wait for their truths."""
        if not ticks:
            self.pending[-1].forecasts[NETWORK:] = network
            self.pending[-1].mixed, self.pending[-1].proposals = self._mix(self.pending[-1].forecasts)
            return self.pending[-1].mixed
        now = self.past[-1]
        x = self._regressors(told)
        learns = learn and self.unit > 0.0
        gains = [r.absorb(v) if learns else np.zeros(r.width) for r, v in zip(self.regressions, x, strict=True)]
        most = MOST * self.moves[:, 0] / np.maximum(self.moves[:, 1], 1e-300)
        linear, joint, readout = (self.unit * r.weights @ v for r, v in zip(self.regressions, x, strict=True))
        linear_base = np.array([self._expected(horizon) for horizon in self.horizons])
        linear, joint = np.clip(linear_base + linear, -most, most), np.clip(joint, -most, most)
        believed = np.where(self._departs() & (self.regret[:, LINEAR] > self.regret[:, JOINT]), linear, joint)
        forecasts = np.full((self.experts, len(self.horizons)), now)
        forecasts[SEASONAL] = [self._seasonal(horizon) for horizon in self.horizons]
        forecasts[LINEAR] += linear
        forecasts[JOINT] += joint
        with np.errstate(invalid="ignore"):
            shares = np.clip(np.nan_to_num(self.agreement[:, 0] / self.agreement[:, 1]), 0.0, 1.0)
        forecasts[READOUT] += np.clip(believed + shares * readout, -most, most)
        forecasts[NETWORK:] = network
        readouts = self.regressions[2].weights @ x[2]
        bases = now + linear_base, now + believed
        self.pending.append(Pending(forecasts, *self._mix(forecasts), readouts, self.unit, *bases, x, gains))
        return self.pending[-1].mixed

    def _mix(self, forecasts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """ML-Poly, shrunk to the fallback; and before it is."""
        spread = self.largest[:, None] ** 2 + self.regret2
        with np.errstate(invalid="ignore", divide="ignore"):
            weights = np.where(spread > 0.0, np.maximum(self.regret, 0.0) / spread, 0.0)
            weights[:, self.candidates :] = 0.0
            total = weights.sum(axis=1, keepdims=True)
            whole = np.where(total > 0.0, weights / total, np.eye(self.experts)[self.fallback])
        shares = np.array([[evidence.share()] for evidence in self.evidence])
        self.weights = shares * whole + (1.0 - shares) * np.eye(self.experts)[self.fallback]
        return (self.weights * forecasts.T).sum(axis=1), (whole * forecasts.T).sum(axis=1)

    def _before(self, lag: int) -> float:
        return self.past[-1 - lag] if lag < len(self.past) else self.past[-1]

    def _seasonal(self, horizon: int) -> float:
        return self.profile.at(self.phase + horizon) if self.profile.means else self.past[-1]

    def _expected(self, horizon: int) -> float:
        """How far the profile moves until then."""
        return self.profile.at(self.phase + horizon) - self.profile.at(self.phase) if self._departs() else 0.0

    def _departs(self) -> bool:
        return bool(self.profile.means) and SEASONS * self.season > LAGS

    def _departures(self, own: np.ndarray) -> np.ndarray:
        """What the linear regression sees: as its own past is, of departures from the profile."""
        if not self._departs() or not self.unit > 0.0:
            return own
        lags = {1 + lag: lag for lag in range(1, LAGS)}
        if self.season + 1 >= LAGS:
            lags |= {LAGS + 2 + i: self.season + i for i in (-1, 0, 1)}
        left = own.copy()
        for i, lag in lags.items():
            if lag < len(self.past):
                left[i] = clip(own[i] - self._expected(-lag) / self.unit)
        return left

    def _regressors(self, told: dict[str, Any]) -> list[np.ndarray]:
        own = np.zeros(OWN)
        now = self.past[-1]
        if self.unit > 0.0:
            own[:2] = 1.0, clip((now - self.level) / self.unit)
            for lag in range(1, min(LAGS, len(self.past))):
                own[1 + lag] = clip((self.past[-1 - lag] - now) / self.unit)
            if self.season + 1 >= LAGS:
                own[LAGS + 1 :] = [clip((self._before(self.season + i) - now) / self.unit) for i in (-1, 0, 1)]
        angle = 2.0 * math.pi * self.phase / max(self.season, 1)
        waves = [math.sin(angle), math.cos(angle), math.sin(2 * angle), math.cos(2 * angle)]
        waves = waves if self.season > 1 else [0.0] * 4
        with np.errstate(invalid="ignore", divide="ignore"):
            inputs = clip((told["inputs"] - self.input_level) / self.input_unit)
            changes = clip((told["inputs"] - self.input_before) / self.input_unit)
        known = (self.input_unit > 0.0) & np.isfinite(told["inputs"])
        moved = known & np.isfinite(self.input_before) & (len(self.past) > 1)
        self.input_before = told["inputs"].copy()
        inputs = np.concatenate([np.where(known, inputs, 0.0), np.where(moved, changes, 0.0)])
        return [self._departures(own), np.concatenate([own, waves, inputs]), np.concatenate([[1.0], told["state"]])]


def has_left(unit: float, deviation: float) -> bool:
    return deviation > 0.0 and not unit / STEP <= deviation <= unit * STEP


class ReferenceExperts:
    """The experts of all targets; ``season`` None: to be found; fallback: whom the mix is shrunk to."""

    def __init__(
        self,
        targets: int,
        horizons: tuple[int, ...],
        inputs: int,
        units: int,
        season: int | None,
        by_value: bool,
        candidates: int = 6,
        networks: int = 1,
        fallback: int = LAST,
    ) -> None:
        self.by_value = by_value
        self.targets = [Target(horizons, inputs, units, season, candidates, networks, fallback) for _ in range(targets)]

    def step(self, told: list[dict[str, Any]], learn: bool, boundary: bool) -> tuple[np.ndarray, np.ndarray]:
        """Take one row: (targets,) expected and (targets, horizons) forecasts."""
        answers = []
        for target, of_target in zip(self.targets, told, strict=True):
            if boundary or of_target["shifted"]:
                target.forget(boundary)
            answers.append(self._step(target, of_target, learn))
        return np.array([expected for expected, _ in answers]), np.array([forecasts for _, forecasts in answers])

    def _step(self, target: Target, told: dict[str, Any], learn: bool) -> tuple[float, np.ndarray]:
        truth, expected = told["truth"], math.nan
        arrived = not math.isnan(truth)
        if not arrived and not target.past:
            return math.nan, told["network"][0]
        if arrived:
            expected = target.reveal(truth, learn)
        ticks = arrived or not self.by_value
        if ticks:
            target.tick(truth if arrived else target.past[-1], told, learn)
        if ticks and target.is_time_to_look(told):
            self._look(target)
        if ticks:
            target.profile.follow(target.past, target.phase, target.season, target.unit)
        network = np.where(np.isfinite(told["network"]), told["network"], target.past[-1])
        return expected, target.forecast(told, network, ticks, learn)

    def _look(self, target: Target) -> None:
        """Where all tick together, the season of the clearest one is everybody's."""
        target.finder.look(len(target.past))
        clearest = target.finder
        for other in self.targets if not self.by_value else ():
            if other.finder.found and (other.finder.depth < clearest.depth or not clearest.found):
                clearest = other.finder
        target.season = clearest.found
