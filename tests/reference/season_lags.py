"""What a network sees of a season ago: how far each target is from where it was, a season before the forecast value."""

from __future__ import annotations

import math

from .experts import Season

FIRST_LOOK, LOOKS = 64, 1024
LARGEST = 100.0  # deviations


class SeasonLags:
    """The inputs of all targets; ``season`` None: to be found."""

    def __init__(self, targets: int, horizon: int, by_value: bool, season: int | None) -> None:
        self.horizon, self.by_value = horizon, by_value
        self.finders = [Season() for _ in range(targets)] if season is None else None
        self.seasons = [season or 0] * targets
        self.past: list[list[float]] = [[] for _ in range(targets)]

    def forget(self, t: int) -> None:
        """The values of target t so far are of another level, or of another sequence."""
        self.past[t] = []

    def step(self, values: list[float], deviations: list[float]) -> list[float]:
        """Take a row's values, NaN where there is none; return the next step's inputs."""
        return [self._step(t, value, unit) for t, (value, unit) in enumerate(zip(values, deviations, strict=True))]

    def _step(self, t: int, value: float, unit: float) -> float:
        past = self.past[t]
        if not math.isnan(value) or (past and not self.by_value):
            past.append(past[-1] if math.isnan(value) else value)
            if self.finders is not None and unit > 0.0:
                self.finders[t].note(past, unit)
                self._look(t, len(past))
        season = self.seasons[t]
        if not (season and past and unit > 0.0):
            return 0.0
        lag = -self.horizon % season
        then = past[-1 - lag] if lag < len(past) else past[-1]
        return min(max((then - past[-1]) / unit, -LARGEST), LARGEST)

    def _look(self, t: int, ticks: int) -> None:
        """Where all tick together, the season of the clearest one is everybody's."""
        assert self.finders is not None
        if ticks < FIRST_LOOK or not (ticks % LOOKS == 0 or math.log2(ticks).is_integer()):
            return
        clearest = self.finders[t]
        clearest.look(ticks)
        for other in () if self.by_value else self.finders:
            if other.found and (other.depth < clearest.depth or not clearest.found):
                clearest = other
        self.seasons[t] = clearest.found
