"""Source -> learner -> sink: a stream goes in, records come out, and a model file keeps what was learned.

::

    from streamrnn.session import Plan, Session

    session = Session(Plan(source="load.csv", output="out.csv", model="load.safetensors", settings={"horizon": 24}))
    outcome = session.run()

``plan`` says what a run is told, ``start`` what it starts from (new, or a model file), ``note`` what a model remembers
of its runs, ``layout`` how a record is put together, ``output`` where the records go, ``signals`` how a run is stopped,
``outcome`` what it did; ``run`` does it.
"""

from .listener import Listener
from .outcome import Outcome
from .plan import Plan, SessionError
from .run import Session

__all__ = ["Listener", "Outcome", "Plan", "Session", "SessionError"]
