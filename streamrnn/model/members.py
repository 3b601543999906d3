"""The networks of a learner that has several: at each rate of a pool, for each channel, or for each of both.

Each is a learner's network of its own settings, and has arrays of its own; it does what it would do alone. A row is
taken by all of them, and what comes after them (the mix, intervals, scores) reads one answer, which is gathered from
theirs. Those at the middle rate *lead*: the record's loss is theirs, and what it expected, and the experts see their
state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ..kernels.arrays.places import EXPECTED
from ..kernels.handover import PER_TARGET
from ..schema import matrix_columns, network_features
from ..settings import Settings
from .answers import Answers, answers_of

Copy = tuple[int, int, int]  # place in the answer of all; network, place in its own answer


class Member(NamedTuple):
    """One of several networks.

    Attributes
    ----------
    name : str
        Which multiple of the rate it learns at, its target, or both: what its arrays are known by.
    settings : Settings
        Of a learner that is this network.
    voice : int
        Which expert of the mix it belongs to, by rate.
    targets : tuple of int
        Those of all targets that it forecasts.
    columns : tuple of int
        Those of a row that it reads.
    leads : bool
    """

    name: str
    settings: Settings
    voice: int
    targets: tuple[int, ...]
    columns: tuple[int, ...]
    leads: bool


def members_of(settings: Settings) -> tuple[Member, ...]:
    """All networks, voice by voice; none if the learner is one network itself."""
    return tuple(_members(settings)) if settings.has_several_networks else ()


def _members(settings: Settings) -> Iterator[Member]:
    every = tuple(range(len(settings.targets)))
    channels = [every] if settings.channels == "joint" else [(t,) for t in every]
    multiples = settings.lr_pool or (1.0,)
    whole = matrix_columns(settings)
    for voice, multiple in enumerate(multiples):
        for targets in channels:
            own = _settings_of(settings, targets, multiple * settings.learning_rate)
            names = [f"{multiple:g}"] if settings.lr_pool else []
            names += own.targets if settings.channels == "independent" else []
            columns = tuple(whole.index(name) for name in matrix_columns(own))
            yield Member(".".join(names), own, voice, targets, columns, voice == len(multiples) // 2)


def _settings_of(settings: Settings, targets: tuple[int, ...], rate: float) -> Settings:
    """Settings of a network alone, which hands over what experts need."""
    names = tuple(settings.targets[t] for t in targets)
    others = set(settings.targets) - set(names) if settings.channels == "independent" else set()
    return replace(
        settings,
        targets=names,
        features=tuple(name for name in settings.features if name not in others),
        target_weights=tuple(settings.target_weights[t] for t in targets) if settings.target_weights else (),
        time_features=settings.sees_time,
        learn_on_anomaly=settings.learns_on_anomaly,
        lr=rate,
        lr_pool=(),
        channels="joint",
        experts=True,
        mix_network=True,
        emit_weights=False,
        intervals=(),
        alert=None,
    )


def copies_of(settings: Settings) -> list[Copy]:
    """What goes from the networks' answers into that of the learner."""
    copies: list[Copy] = []
    places = answers_of(settings)
    for number, member in enumerate(members_of(settings)):
        own = answers_of(member.settings)
        pairs = list(_pairs(settings, member))
        if member.leads:
            copies += [(EXPECTED + t, number, EXPECTED + i) for i, t in enumerate(member.targets)]
            copies += [(places.forecasts + pair, number, own.forecasts + i) for i, pair in enumerate(pairs)]
            copies += [(place, number, its) for place, its in _handed(settings, member, places, own)]
        if places.voices != places.forecasts:
            first = places.voices + member.voice * len(settings.horizons) * len(settings.targets)
            copies += [(first + pair, number, own.forecasts + i) for i, pair in enumerate(pairs)]
    return copies


def _pairs(settings: Settings, member: Member) -> Iterator[int]:
    """Its forecasts among those of all: horizon after horizon."""
    for k in range(len(settings.horizons)):
        for t in member.targets:
            yield k * len(settings.targets) + t


def _handed(settings: Settings, member: Member, places: Answers, own: Answers) -> Iterator[tuple[int, int]]:
    """What a leading network hands over: of its targets, of its inputs, which others may read too, and its state."""
    if not places.handed:
        return
    targets = len(settings.targets)
    for kind in range(PER_TARGET):
        for i, t in enumerate(member.targets):
            yield places.handed + kind * targets + t, own.handed + kind * len(member.targets) + i
    inputs, own_inputs = places.handed + PER_TARGET * targets, own.handed + PER_TARGET * len(member.targets)
    names = network_features(settings)
    for i, name in enumerate(network_features(member.settings)[: own.inputs]):
        place = names.index(name)
        if place < places.inputs:
            yield inputs + place, own_inputs + i
            yield inputs + places.inputs + place, own_inputs + own.inputs + i
    first = inputs + 2 * places.inputs + (member.targets[0] if places.states > 1 else 0) * places.units
    for j in range(places.units):
        yield first + j, own_inputs + 2 * own.inputs + j
