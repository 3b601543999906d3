"""The entry between several networks and what comes after them: their answers become one."""

from __future__ import annotations

import math
from typing import Any

from .arrays.group import Group, opener
from .arrays.places import EVENT, LOSS, REVEALED
from .arrays.views import plane
from .machine.jit import entry, kernel


class Gathering(Group):
    """What the networks have answered, and where it goes."""

    told: Any  # (networks, rows, width)
    copies: Any = "told_copies"  # (copies, 3): place in the answer; network, place in its own
    leads: Any = "told_leads"  # (networks,)


_open_gathering = opener(Gathering)


@entry
def gather_rows(double, integer, answers):
    """Gather the answers of the networks to the last rows.

    double, integer: of what comes after the networks, see ``state.py``
    answers: (n, answer_width) float64, written: the events of all networks; the loss of those that lead, whose mean is
        over what they revealed; copies of what they say
    """
    gathering = _open_gathering(double, integer, 0)
    copies = gathering.copies
    for i in range(answers.shape[0]):
        answer = answers[i]
        for j in range(answer.shape[0]):
            answer[j] = math.nan
        for copy in range(copies.shape[0]):
            answer[copies[copy, 0]] = plane(gathering.told, copies[copy, 1])[i, copies[copy, 2]]
        _gather_losses(gathering, i, answer)


@kernel
def _gather_losses(gathering, i, answer):
    events, loss, revealed = 0, 0.0, 0.0
    for network in range(gathering.leads.shape[0]):
        told = plane(gathering.told, network)[i]
        events |= int(told[EVENT])
        if gathering.leads[network] > 0 and told[REVEALED] > 0.0:
            loss += told[LOSS] * told[REVEALED]
            revealed += told[REVEALED]
    answer[EVENT], answer[REVEALED] = events, revealed
    answer[LOSS] = loss / revealed if revealed > 0.0 else math.nan
