"""A recorded stream, once more: at its own pace, faster, or at a fixed rate; in its own format or in another one.

::

    from streamrnn.streams.replay import Replay, ReplayPlan

    outcome = Replay(ReplayPlan("plant.csv", speed=100.0)).run(listener)
"""

from .listener import Listener
from .outcome import ReplayOutcome
from .plan import ReplayError, ReplayPlan
from .replay import Replay

__all__ = ["Listener", "Replay", "ReplayError", "ReplayOutcome", "ReplayPlan"]
